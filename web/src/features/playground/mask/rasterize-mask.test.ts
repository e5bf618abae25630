import { describe, expect, it } from 'vitest'
import type { MaskOperation, Stroke } from './mask-operations.ts'
import { rasterizeMask } from './rasterize-mask.ts'

const size = { width: 24, height: 16 }
const stroke = (part: Partial<Stroke>): Stroke => ({
  type: 'stroke',
  erase: false,
  radius: 3,
  points: [{ x: 12, y: 8 }],
  ...part
})

/** What a capsule is by definition: every pixel whose centre is within the radius of some segment. */
function expected({ points, radius }: Stroke): Uint8Array {
  const pixels = new Uint8Array(size.width * size.height)
  for (let index = 0; index < pixels.length; index++) {
    const [x, y] = [(index % size.width) + 0.5, Math.floor(index / size.width) + 0.5]
    const near = points.some((from, at) => {
      const to = points[at + 1] ?? from
      const length = (to.x - from.x) ** 2 + (to.y - from.y) ** 2
      const along = length === 0 ? 0 : ((x - from.x) * (to.x - from.x) + (y - from.y) * (to.y - from.y)) / length
      const share = Math.min(1, Math.max(0, along))
      return Math.hypot(x - from.x - share * (to.x - from.x), y - from.y - share * (to.y - from.y)) <= radius
    })
    pixels[index] = near ? 1 : 0
  }
  return pixels
}

describe('rasterizeMask', () => {
  it.each([
    ['a dot', [{ x: 12, y: 8 }]],
    [
      'a level line',
      [
        { x: 3, y: 8 },
        { x: 20, y: 8 }
      ]
    ],
    [
      'an upright line',
      [
        { x: 9.3, y: 1 },
        { x: 9.3, y: 14 }
      ]
    ],
    [
      'a slope down',
      [
        { x: 4.2, y: 2.7 },
        { x: 19.1, y: 12.4 }
      ]
    ],
    [
      'a slope up to the left',
      [
        { x: 19.1, y: 13.3 },
        { x: 6.6, y: 3.2 }
      ]
    ],
    [
      'several segments',
      [
        { x: 2, y: 2 },
        { x: 12, y: 14 },
        { x: 22, y: 3 }
      ]
    ],
    [
      'a line that leaves the image',
      [
        { x: -10, y: 5 },
        { x: 40, y: 30 }
      ]
    ]
  ])('covers %s', (_name, points) => {
    const one = stroke({ points, radius: 2.6 })
    expect(rasterizeMask({ size, operations: [one] })).toEqual(expected(one))
  })

  it('erases, inverts and clears in the order of the operations', () => {
    const dot = stroke({})
    const all = (...operations: MaskOperation[]) => rasterizeMask({ size, operations })
    expect(all(dot, { ...dot, erase: true }).some((pixel) => pixel === 1)).toBe(false)
    expect(all(dot, { type: 'invert' })).toEqual(all(dot).map((pixel) => 1 - pixel))
    expect(all(dot, { type: 'clear' }, { type: 'invert' }).every((pixel) => pixel === 1)).toBe(true)
    expect(all(dot, { type: 'invert' }, { ...dot, points: [{ x: 12, y: 8 }] }).every((pixel) => pixel === 1)).toBe(true)
  })

  it('goes on from the mask that painting began with, until everything is cleared', () => {
    const base = new Uint8Array(size.width * size.height).fill(1)
    expect(rasterizeMask({ size, operations: [], base })).toEqual(base)
    expect(rasterizeMask({ size, operations: [{ type: 'invert' }], base }).includes(1)).toBe(false)
    expect(rasterizeMask({ size, operations: [{ type: 'clear' }], base }).includes(1)).toBe(false)
    expect(base.every((pixel) => pixel === 1)).toBe(true)
  })
})
