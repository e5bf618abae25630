import { expect, it } from 'vitest'
import { downloadName } from './download-name.ts'

const nameOf = ({ prompt = '', n = 1, position = 0, mediaType = 'image/png' }) =>
  downloadName(
    { id: 'req_1', prompt, n } as Parameters<typeof downloadName>[0],
    { position, mediaType } as Parameters<typeof downloadName>[1]
  )

it('is a name that every file system takes', () => {
  expect(nameOf({ prompt: '  A red/fox: "in" snow!  ' })).toBe('a-red-fox-in-snow.png')
  expect(nameOf({ prompt: 'Füchse 狐', n: 2, position: 1, mediaType: 'image/jpeg' })).toBe('füchse-狐-2.jpg')
  expect(nameOf({ prompt: '🦊', mediaType: 'image/webp' })).toBe('req_1.webp')
  expect(nameOf({ prompt: 'fox '.repeat(100) }).length).toBeLessThan(70)
})
