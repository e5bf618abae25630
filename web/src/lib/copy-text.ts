/**
 * Puts a text on the clipboard; false when the browser does not let it: then nothing was copied. Pages served over plain HTTP
 * from another machine have no clipboard interface, and others may be refused it; a selection can often be copied still.
 */
export async function copyText(text: string): Promise<boolean> {
  // The types know of no browser and no page without it.
  const clipboard = navigator.clipboard as Clipboard | undefined
  try {
    if (clipboard === undefined) return copySelected(text)
    await clipboard.writeText(text)
    return true
  } catch {
    // Refused: it says nothing of whether a selection may be copied.
    return copySelected(text)
  }
}

function copySelected(text: string): boolean {
  const focused = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  // A dialog keeps the focus within itself.
  ;(focused?.closest('[role=dialog]') ?? document.body).append(area)
  area.select()
  try {
    return document.execCommand('copy')
  } catch {
    // So do some browsers say that they do not copy.
    return false
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  }
}
