import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { wholeOf } from './whole-of.ts'

it.each([
  ['nothing', [], ''],
  ['one piece', ['one'], 'one'],
  ['several', ['one', 'two', 'three'], 'onetwothree']
])('reads %s', async (_what, pieces, text) => {
  expect(String(await wholeOf(Readable.from(pieces.map((piece) => Buffer.from(piece)))))).toBe(text)
})

it('gives what comes as one without a copy', async () => {
  const bytes = Buffer.alloc(1000, 'x')
  expect(await wholeOf(Readable.from([bytes]))).toBe(bytes)
})

it('rejects with what the stream fails with', async () => {
  const failing = new Readable({ read: () => failing.destroy(new Error('gone')) })
  await expect(wholeOf(failing)).rejects.toThrow('gone')
})
