/** Random choices that a seed repeats. */
export interface Random {
  /** From `min` up to, not including, `max`. */
  between(min: number, max: number): number
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number
  /** One of its own, so that what one part of a program draws does not depend on how often another one did. */
  fork(name: string): Random
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  // Mulberry32, by Tommy Ettinger.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (min, max) => min + next() * (max - min),
    below: (end) => Math.floor(next() * end),
    fork: (name) => createRandom([...name].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), seed))
  }
}
