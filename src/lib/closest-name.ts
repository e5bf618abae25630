/**
 * The candidate that a misspelt name most likely meant: it differs by at most a third of its letters (and never more
 * than three), or it is cut short at its end (`comfy` for `comfyui`) or by its first words (`key` for `api_key`). Case
 * does not count. Undefined when nothing is close.
 */
export function closestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  const most = mostMistakes(wanted)
  const [best] = candidates
    // No others can be so close, and to measure how far thousands are would take long.
    .filter(({ length }) => Math.abs(length - wanted.length) <= most)
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
  return best?.candidate ?? candidates.find((candidate) => isCutShort(wanted, candidate.toLowerCase()))
}

const mostMistakes = (name: string): number => Math.min(3, Math.max(1, Math.floor(name.length / 3)))

/** Whether a name is that of one thing with letters mistyped; with other digits it is that of another version. */
export function isMisspelling(name: string, meant: string): boolean {
  const [one, other] = [name.toLowerCase(), meant.toLowerCase()]
  const digits = (text: string) => text.replace(/\D+/g, ' ').trim()
  return digits(one) === digits(other) && editDistance(one, other) <= mostMistakes(one)
}

const isCutShort = (name: string, whole: string): boolean =>
  whole.endsWith(`_${name}`) || (name.length > 2 && whole.startsWith(name))

/** `; did you mean 'x'?`, or nothing when no candidate is close: the end of a sentence about an unknown name. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const closest = closestName(name, candidates)
  return closest === undefined ? '' : `; did you mean '${closest}'?`
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity
