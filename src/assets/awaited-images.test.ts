import fc from 'fast-check'
import { expect, it } from 'vitest'
import { base64Length } from '../lib/encode-base64.ts'
import { BLOCK_BYTES } from '../lib/memory-blocks.ts'
import { type AwaitedImages, createAwaitedImages } from './awaited-images.ts'

const KEY = 'images/aa/ast_1'
/** As many as make the digits of one block. */
const BLOCK_IMAGE = (BLOCK_BYTES / 4) * 3

const textOf = (awaited: AwaitedImages, key = KEY) => {
  const pieces = awaited.find(key)
  return pieces && Buffer.concat(pieces).toString()
}

/** Whether an image of so many bytes finds room. */
function finds(awaited: AwaitedImages, bytes: number): boolean {
  const release = awaited.expect('req_room')
  const image = awaited.begin({ requestId: 'req_room', bytes })
  release()
  return image !== undefined
}

it('have the base64 of what came, however it came', () => {
  const anyPieces = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.integer({ min: BLOCK_IMAGE - 5, max: BLOCK_IMAGE + 5 }).map((length) => new Uint8Array(length).fill(length))
    ),
    { minLength: 1, maxLength: 6 }
  )
  fc.assert(
    fc.property(anyPieces, (arrays) => {
      const pieces = arrays.map((bytes) => Buffer.from(bytes))
      const whole = Buffer.concat(pieces)
      const awaited = createAwaitedImages(16 * BLOCK_BYTES)
      const release = awaited.expect('req_1')
      const image = awaited.begin({ requestId: 'req_1', bytes: whole.length })!
      for (const piece of pieces) {
        image.take(piece)
        // As whoever reads them may do.
        piece.fill(0)
      }
      expect(awaited.find(KEY)).toBeUndefined()
      image.keep(KEY)
      expect(textOf(awaited) === whole.toString('base64')).toBe(true)
      release()
      expect(awaited.find(KEY)).toBeUndefined()
      awaited.close()
    }),
    { numRuns: 100 }
  )
})

it('are kept only while somebody waits, until the last of them is answered', () => {
  const awaited = createAwaitedImages(BLOCK_BYTES)
  expect(awaited.begin({ requestId: 'req_1', bytes: 3 })).toBeUndefined()
  const [first, second] = [awaited.expect('req_1'), awaited.expect('req_1')]
  const image = awaited.begin({ requestId: 'req_1', bytes: 3 })!
  image.take(Buffer.from('abc'))
  image.keep(KEY)
  first()
  expect(textOf(awaited)).toBe('YWJj')
  expect(finds(awaited, 1)).toBe(false)
  second()
  expect(awaited.find(KEY)).toBeUndefined()
  expect(finds(awaited, 1)).toBe(true)
  awaited.close()
})

it('take as much room as their base64, all of them together, and not a byte more', () => {
  const awaited = createAwaitedImages(2 * BLOCK_BYTES)
  expect(base64Length(2 * BLOCK_IMAGE)).toBe(2 * BLOCK_BYTES)
  expect([finds(awaited, 2 * BLOCK_IMAGE), finds(awaited, 2 * BLOCK_IMAGE + 1)]).toEqual([true, false])
  const release = awaited.expect('req_1')
  awaited.begin({ requestId: 'req_1', bytes: BLOCK_IMAGE })
  expect([finds(awaited, BLOCK_IMAGE), finds(awaited, BLOCK_IMAGE + 1)]).toEqual([true, false])
  // While it still arrives.
  release()
  expect(finds(awaited, 2 * BLOCK_IMAGE)).toBe(true)
  expect(finds(createAwaitedImages(0), 1)).toBe(false)
  awaited.close()
})

it.each([2, 4, BLOCK_IMAGE + 1])('are not had of %i bytes where 3 were announced', (bytes) => {
  const awaited = createAwaitedImages(2 * BLOCK_BYTES)
  awaited.expect('req_1')
  const image = awaited.begin({ requestId: 'req_1', bytes: 3 })!
  image.take(Buffer.alloc(bytes))
  image.keep(KEY)
  if (base64Length(bytes) === 4) return expect(textOf(awaited)).toHaveLength(4)
  expect(awaited.find(KEY)).toBeUndefined()
  expect(finds(awaited, 2 * BLOCK_IMAGE)).toBe(true)
  awaited.close()
})

it('are gone when they could not be stored, or are taken back', () => {
  const awaited = createAwaitedImages(BLOCK_BYTES)
  awaited.expect('req_1')
  const broken = awaited.begin({ requestId: 'req_1', bytes: 3 })!
  broken.take(Buffer.from('ab'))
  broken.drop()
  // It is heard of until its connection is closed.
  broken.take(Buffer.from('c'))
  broken.keep(KEY)
  expect(awaited.find(KEY)).toBeUndefined()
  const again = awaited.begin({ requestId: 'req_1', bytes: 3 })!
  again.take(Buffer.from('abc'))
  again.keep(KEY)
  awaited.forget('images/aa/ast_2')
  expect(textOf(awaited)).toBe('YWJj')
  awaited.forget(KEY)
  expect(awaited.find(KEY)).toBeUndefined()
  again.drop()
  expect(finds(awaited, BLOCK_IMAGE)).toBe(true)
  awaited.close()
})
