import sharp from 'sharp'
import { expect, it } from 'vitest'
import { decode, plainPng } from '../../tests/support/pictures.ts'
import { scaleImage } from './scale-image.ts'

const formatOf = async (image: Buffer) => (await sharp(image).metadata()).format

it('is a png of exactly that size, whatever the proportions were', async () => {
  const red = await plainPng({ width: 8, height: 8 }, [255, 0, 0])
  const scaled = await scaleImage(red, { width: 6, height: 3 }, 100)
  expect(await formatOf(scaled)).toBe('png')
  const picture = await decode(scaled)
  expect([picture.width, picture.height, picture.share([255, 0, 0])]).toEqual([6, 3, 1])
})

it('stands upright', async () => {
  const pixels = Buffer.from([255, 0, 0, 0, 0, 255])
  const lying = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer()
  const { width, height, at } = await decode(await scaleImage(lying, { width: 1, height: 2 }, 100))
  expect([width, height]).toEqual([1, 2])
  expect([at(0, 0), at(0, 1)]).toEqual([
    [255, 0, 0],
    [0, 0, 255]
  ])
})

it('takes no more pixels than it may', async () => {
  const image = await plainPng({ width: 8, height: 8 }, [1, 2, 3])
  await expect(scaleImage(image, { width: 2, height: 2 }, 63)).rejects.toMatchObject({ reason: 'too_many_pixels' })
})
