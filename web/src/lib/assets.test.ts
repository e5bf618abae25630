import { expect, it } from 'vitest'
import { imageSet } from './assets.ts'

const widths = (set: string) => set.split(', ').map((one) => one.split(' ')[1])

it('offers the widths up to that of the image', () => {
  expect(widths(imageSet({ id: 'ast_1', width: 512 }))).toEqual(['64w', '128w', '256w', '512w'])
  expect(widths(imageSet({ id: 'ast_1', width: 600 }))).toEqual(['64w', '128w', '256w', '512w', '600w'])
  expect(widths(imageSet({ id: 'ast_1', width: 40 }))).toEqual(['40w'])
})

it('ends with a copy the server makes, or with the image as it was made', () => {
  expect(imageSet({ id: 'ast_1', width: 4000 })).toMatch(/\?width=2048 2048w$/)
  expect(imageSet({ id: 'ast_1', width: 4000 }, true)).toMatch(/ast_1\/ 4000w$/)
  expect(imageSet({ id: 'ast_1', width: 10 })).toBe('/api/inference/assets/ast_1/?width=16 10w')
})
