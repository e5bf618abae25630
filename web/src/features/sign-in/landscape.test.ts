import { describe, expect, it } from 'vitest'
import { drawHills } from './landscape.ts'

const draw = (seed: number) => drawHills({ seed, width: 1000, height: 1200, chains: 5 })
const heights = (path: string) => [...path.matchAll(/L[\d.-]+ ([\d.-]+)/g)].map(([, y]) => Number(y)).slice(0, -1)
const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('drawHills', () => {
  it('draws the same for the same seed, and something else for another', () => {
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('closes each chain at the lower edge, from side to side', () => {
    for (const path of draw(3)) expect(path).toMatch(/^M0 1200L0 .*L1000 [\d.-]+L1000 1200Z$/)
  })

  it('puts nearer chains lower', () => {
    const middles = draw(11).map((path) => average(heights(path)))
    expect(middles.length).toBe(5)
    expect(middles).toEqual([...middles].sort((a, b) => a - b))
  })

  it('leaves the sky free, whatever the seed', () => {
    const tops = Array.from({ length: 200 }, (_, seed) => Math.min(...draw(seed).flatMap(heights)))
    expect(Math.min(...tops)).toBeGreaterThan(1200 * 0.25)
  })
})
