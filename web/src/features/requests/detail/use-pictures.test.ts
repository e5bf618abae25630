import { expect, it } from 'vitest'
import { image, summary } from '../../../lib/request-samples.ts'
import { picturesOf } from './use-pictures.ts'

const images = [image({ position: 2 })]

it('has a place for each image while the request runs, and only those that came afterwards', () => {
  const running = picturesOf(summary({ status: 'running', n: 3, images }))
  expect(running.map((one) => one.image?.position)).toEqual([undefined, undefined, 2])
  expect(picturesOf(summary({ n: 3, images })).map(({ position }) => position)).toEqual([2])
  expect(picturesOf(summary({ status: 'failed', images: [] }))).toEqual([])
})
