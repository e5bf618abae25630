import sharp from 'sharp'
import { expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { createPreviewShower } from './show-previews.ts'

const plain = (width: number) =>
  sharp({ create: { width, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer()

const arrange = () => {
  const shown: Buffer[] = []
  const state = { isOver: false }
  const take = createPreviewShower({
    maxPixels: 1_000_000,
    show: ({ bytes }) => void shown.push(bytes),
    isOver: () => state.isOver,
    onError: (error) => {
      throw error
    }
  })
  return { shown, state, take }
}

it('shows the first and the newest of previews that come faster than they are made small', async () => {
  const { shown, take } = arrange()
  const [first, second, last] = [await plain(4), await plain(5), await plain(6)]
  for (const image of [first, second, last]) take(image)
  await waitFor(() => shown.length === 2)
  expect(shown).toEqual([first, last])
  take(second)
  await waitFor(() => shown.length === 3)
})

it('passes over what is no image', async () => {
  const { shown, take } = arrange()
  take(Buffer.from('no image'))
  take(await plain(4))
  await waitFor(() => shown.length === 1)
})

it('shows nothing once the image is there', async () => {
  const { shown, state, take } = arrange()
  take(await plain(4))
  state.isOver = true
  await new Promise((resolve) => setImmediate(resolve))
  take(await plain(5))
  await sharp(await plain(2100)).toBuffer()
  expect(shown).toEqual([])
})
