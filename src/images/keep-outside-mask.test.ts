import sharp from 'sharp'
import { expect, it } from 'vitest'
import { keepOutsideMask } from './keep-outside-mask.ts'

const picture = (pixels: number[][], { width = 4, format = 'png' as 'png' | 'jpeg' } = {}): Promise<Buffer> => {
  const channels = (pixels[0]?.length ?? 3) as 1 | 3 | 4
  const raw = { width, height: pixels.length / width, channels }
  const image = sharp(Buffer.from(pixels.flat()), { raw })
  return (channels === 1 ? image.toColourspace('b-w') : image).toFormat(format).toBuffer()
}
const fill = (count: number, pixel: number[]) => Array<number[]>(count).fill(pixel)
const mask = picture([[255], [255], [0], [0]])

const pixelsOf = async (image: Buffer) => {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, channels: info.channels, first: [...data.subarray(0, info.channels)], data: [...data] }
}

it('keeps every byte outside of the mask, and takes what was made inside', async () => {
  const original = await picture([1, 2, 3, 4].map((value) => [value, 10 * value, 255 - value]))
  const edited = await picture(fill(4, [200, 0, 100]))
  const { data } = await pixelsOf(await keepOutsideMask({ edited, original, mask: await mask, maxPixels: 100 }))
  expect(data).toEqual([200, 0, 100, 200, 0, 100, 3, 30, 252, 4, 40, 251])
})

it('mixes at a soft edge', async () => {
  const [original, edited] = [await picture(fill(4, [0, 0, 0])), await picture(fill(4, [255, 100, 2]))]
  const soft = await picture([[0], [51], [204], [255]])
  const { data } = await pixelsOf(await keepOutsideMask({ edited, original, mask: soft, maxPixels: 100 }))
  expect(data).toEqual([0, 0, 0, 51, 20, 0, 204, 80, 2, 255, 100, 2])
})

it('keeps what is transparent', async () => {
  const original = await picture(fill(4, [9, 9, 9, 0]))
  const edited = await picture(fill(4, [200, 0, 100]))
  const { channels, data } = await pixelsOf(
    await keepOutsideMask({ edited, original, mask: await mask, maxPixels: 100 })
  )
  expect(channels).toBe(4)
  expect(data.slice(0, 4)).toEqual([200, 0, 100, 255])
  expect(data.slice(-1)).toEqual([0])
})

it('is as large as what was made', async () => {
  const original = await picture(fill(4, [1, 2, 3]))
  const edited = await picture(fill(16, [200, 0, 100]), { width: 8 })
  const { width, data } = await pixelsOf(await keepOutsideMask({ edited, original, mask: await mask, maxPixels: 100 }))
  expect(width).toBe(8)
  expect(data.slice(0, 3)).toEqual([200, 0, 100])
  expect(data.slice(-3)).toEqual([1, 2, 3])
})

it('takes no more pixels than it may, and nothing that is damaged', async () => {
  const [original, edited] = [await picture(fill(4, [0, 0, 0])), await picture(fill(4, [1, 1, 1]))]
  const input = { edited, original, mask: await mask }
  await keepOutsideMask({ ...input, maxPixels: 4 })
  await expect(keepOutsideMask({ ...input, maxPixels: 3 })).rejects.toMatchObject({ reason: 'too_many_pixels' })
  await expect(keepOutsideMask({ ...input, edited: edited.subarray(0, 40), maxPixels: 4 })).rejects.toMatchObject({
    name: 'ImageRejected'
  })
})
