/** One chain of hills, as the path of a filled shape that reaches down to the lower edge. */
export interface LandscapeOptions {
  /** The same number draws the same hills. */
  seed: number
  width: number
  height: number
  /** How many chains lie one behind the other. */
  chains: number
}

const POINTS = 120
/** Share of the height that is sky. */
const HORIZON = 0.53
const WAVES = 5

/** Paths of SVG, the farthest chain first. Nearer ones lie lower, and are higher and longer in their waves. */
export function drawHills({ seed, width, height, chains }: LandscapeOptions): string[] {
  const random = createRandom(seed)
  return Array.from({ length: chains }, (_, chain) => {
    const depth = chain / Math.max(1, chains - 1)
    const middle = height * (HORIZON + (0.94 - HORIZON) * depth ** 1.15)
    const rise = height * (0.035 + 0.05 * depth)
    const waves = Array.from({ length: WAVES }, (_, wave) => ({
      length: (2.6 - depth * 1.5) * 1.75 ** wave,
      phase: random() * Math.PI * 2,
      share: (0.6 + random() * 0.8) / 1.9 ** wave
    }))
    const heightAt = (x: number) =>
      waves.reduce((sum, { length, phase, share }) => sum + share * Math.sin(x * length * Math.PI + phase), 0)
    const points = Array.from({ length: POINTS + 1 }, (_, index) => {
      const x = index / POINTS
      return `${round(x * width)} ${round(middle - rise * heightAt(x))}`
    })
    return `M0 ${height}L${points.join('L')}L${width} ${height}Z`
  })
}

const round = (value: number): number => Math.round(value * 10) / 10

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
