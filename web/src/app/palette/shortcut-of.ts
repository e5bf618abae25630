type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'defaultPrevented'>

/**
 * What a key asks for, wherever the focus is: the palette with Ctrl or ⌘ and K, the list of shortcuts with a question
 * mark, unless that is written into a field. Undefined: something else.
 */
export function shortcutOf(event: Pressed, isTyping: boolean): 'palette' | 'shortcuts' | undefined {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event
  if (event.defaultPrevented || altKey) return undefined
  if (key.toLowerCase() === 'k' && ctrlKey !== metaKey && !shiftKey) return 'palette'
  return key === '?' && !ctrlKey && !metaKey && !isTyping ? 'shortcuts' : undefined
}
