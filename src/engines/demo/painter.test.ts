import { describe, expect, it } from 'vitest'
import { toOklch } from './colour.ts'
import { paintPicture } from './painter.ts'
import type { PaintJob, Picture } from './picture.ts'
import { SCENES } from './scenes/index.ts'

function paint(job: Partial<PaintJob>): Picture {
  const rows = paintPicture({
    prompt: 'mountains at sunset',
    negativePrompt: '',
    seed: 1,
    width: 64,
    height: 64,
    transparent: false,
    strength: 1,
    references: [],
    ...job
  })
  for (;;) {
    const { done, value } = rows.next()
    if (done === true) return value
  }
}

/** Mean difference per channel, 0 … 255. */
const difference = (one: Picture, other: Picture): number =>
  one.pixels.reduce((sum, value, index) => sum + Math.abs(value - (other.pixels[index] as number)), 0) /
  one.pixels.length

const meanOf = ({ pixels, channels }: Picture, channel: number): number => {
  let sum = 0
  for (let index = channel; index < pixels.length; index += channels) sum += pixels[index] as number
  return (sum * channels) / pixels.length
}

const plain = (red: number, green: number, blue: number, side = 64): Picture => ({
  pixels: Uint8Array.from({ length: side * side * 3 }, (_, index) => [red, green, blue][index % 3] as number),
  channels: 3,
  width: side,
  height: side
})

describe('a painted picture', () => {
  it('is the same for the same prompt, seed and size', () => {
    expect(paint({}).pixels).toEqual(paint({}).pixels)
  })

  it.each(Object.keys(SCENES))('of the scene %s differs with the seed and is neither flat nor broken', (scene) => {
    const one = paint({ prompt: scene, seed: 1 })
    const other = paint({ prompt: scene, seed: 2 })
    expect(difference(one, other)).toBeGreaterThan(6)
    expect(new Set(one.pixels).size).toBeGreaterThan(40)
    // NaN would be written as 0: no scene may have whole rows of pure black.
    const rows = Array.from({ length: 64 }, (_, y) => one.pixels.subarray(y * 192, y * 192 + 192))
    expect(rows.every((row) => row.some((value) => value > 0))).toBe(true)
  })

  it('differs with the prompt', () => {
    expect(difference(paint({ prompt: 'a forest' }), paint({ prompt: 'an ocean' }))).toBeGreaterThan(10)
  })

  it.each([
    [16, 16],
    [4096, 16],
    [16, 512],
    [333, 97]
  ])('fills %i × %i', (width, height) => {
    const { pixels, channels } = paint({ prompt: 'a fox by a lake', width, height })
    expect(pixels.length).toBe(width * height * channels)
  })

  it('takes on the colours of the prompt', () => {
    for (const seed of [1, 2, 3]) {
      const red = paint({ prompt: 'red dunes', seed })
      const blue = paint({ prompt: 'blue dunes', seed })
      expect(meanOf(red, 0)).toBeGreaterThan(meanOf(red, 2) + 20)
      expect(meanOf(blue, 2)).toBeGreaterThan(meanOf(blue, 0) + 20)
    }
  })

  it('keeps colours of the negative prompt out', () => {
    const purples = ({ pixels }: Picture) => {
      let count = 0
      for (let index = 0; index < pixels.length; index += 3) {
        const [r = 0, g = 0, b = 0] = pixels.subarray(index, index + 3)
        const { chroma, hue } = toOklch([r / 255, g / 255, b / 255])
        if (chroma > 0.06 && hue > -1.15 && hue < -0.7) count++
      }
      return count
    }
    const picture = { prompt: 'purple-hour mountains at dusk', seed: 3 }
    expect(purples(paint(picture))).toBeGreaterThan(300)
    expect(purples(paint({ ...picture, negativePrompt: 'purple, violet' }))).toBeLessThan(30)
  })

  it('leaves out elements of the negative prompt', () => {
    const picture = { prompt: 'mountains at night with stars and trees', seed: 5 }
    expect(difference(paint(picture), paint({ ...picture, negativePrompt: 'stars, trees' }))).toBeGreaterThan(0.5)
  })

  it('is transparent outside a disc when asked', () => {
    const { pixels, channels } = paint({ transparent: true })
    expect(channels).toBe(4)
    expect(pixels[3]).toBe(0)
    expect(pixels[(32 * 64 + 32) * 4 + 3]).toBe(255)
    const alphas = new Set(pixels.filter((_, index) => index % 4 === 3))
    expect(alphas.size).toBeGreaterThan(2)
  })
})

describe('an edit', () => {
  const source = paint({ prompt: 'a city', seed: 9 })

  it('of strength 0 is the source', () => {
    expect(paint({ source, strength: 0 }).pixels).toEqual(source.pixels)
  })

  it('leaves the source further the stronger it is, until it is a picture of its own', () => {
    const distances = [0.1, 0.4, 0.7, 1].map((strength) => difference(source, paint({ source, strength })))
    expect(distances).toEqual(distances.toSorted((one, other) => one - other))
    expect(difference(paint({ source, strength: 1 }), paint({}))).toBe(0)
  })

  it('differs with prompt and seed', () => {
    const edit = { source, strength: 0.6 }
    expect(difference(paint(edit), paint({ ...edit, prompt: 'a green robot' }))).toBeGreaterThan(3)
    expect(difference(paint(edit), paint({ ...edit, seed: 2 }))).toBeGreaterThan(1)
  })

  it('changes what the mask marks, keeps the rest bit by bit and blends between', () => {
    const mask = Uint8Array.from(
      { length: 64 * 64 },
      (_, index) => [0, 128, 255][Math.floor((index % 64) / 22)] as number
    )
    const edited = paint({ source, mask })
    const whole = paint({ source })
    for (let index = 0; index < mask.length; index++) {
      for (const at of [index * 3, index * 3 + 1, index * 3 + 2]) {
        const [old, value, painted] = [
          source.pixels[at] as number,
          edited.pixels[at] as number,
          whole.pixels[at] as number
        ]
        if (mask[index] === 0) expect(value).toBe(old)
        if (mask[index] === 255) expect(value).toBe(painted)
        if (mask[index] === 128) expect(Math.abs(value - (old + painted) / 2)).toBeLessThanOrEqual(1.5)
      }
    }
  })

  it('puts the subject into the masked area', () => {
    const mask = Uint8Array.from({ length: 64 * 64 }, (_, index) => (index % 64 > 40 && index < 64 * 24 ? 255 : 0))
    const robot = { source, mask, prompt: 'winter mountains with a robot' }
    expect(difference(paint(robot), paint({ ...robot, negativePrompt: 'robot' }))).toBeGreaterThan(0.3)
  })

  it('keeps the transparency of its source', () => {
    const pixels = Uint8Array.from({ length: 64 * 64 * 4 }, (_, index) =>
      index % 4 === 3 ? (index < 8192 ? 0 : 255) : 80
    )
    const clear: Picture = { pixels, channels: 4, width: 64, height: 64 }
    expect(paint({ source: clear, strength: 0 }).pixels).toEqual(pixels)
    expect(paint({ source: clear, strength: 0.6 }).channels).toBe(4)
  })

  it('shows further inputs in the lower left corner and takes its colours from the first of them', () => {
    const [green, orange] = [plain(20, 200, 30), plain(250, 140, 20)]
    const edited = paint({ source, strength: 0.7, references: [green, orange] })
    const pixelAt = (x: number, y: number) => [...edited.pixels.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)]
    expect(pixelAt(10, 54)).toEqual([20, 200, 30])
    expect(pixelAt(30, 54)).toEqual([250, 140, 20])
    const alone = paint({ source, strength: 0.7 })
    expect(meanOf(edited, 1) - meanOf(edited, 0)).toBeGreaterThan(meanOf(alone, 1) - meanOf(alone, 0) + 20)
  })

  it('keeps further inputs within the mask', () => {
    const mask = Uint8Array.from({ length: 64 * 64 }, (_, index) => (index % 64 >= 32 ? 255 : 0))
    const { pixels } = paint({ source, mask, references: [plain(1, 2, 3)] })
    expect([...pixels.subarray((60 * 64 + 36) * 3, (60 * 64 + 36) * 3 + 3)]).toEqual([1, 2, 3])
    expect([...pixels.subarray(60 * 64 * 3, (60 * 64 + 32) * 3)]).toEqual([
      ...source.pixels.subarray(60 * 64 * 3, (60 * 64 + 32) * 3)
    ])
  })
})
