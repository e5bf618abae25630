import fc from 'fast-check'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { base64Length, encodeBase64 } from './encode-base64.ts'

describe('encodeBase64', () => {
  it('makes of pieces what is made of the whole, as long as it was told', async () => {
    const anyPieces = fc.array(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 12 }
    )
    await fc.assert(
      fc.asyncProperty(anyPieces, async (pieces) => {
        const whole = Buffer.concat(pieces)
        const encoded = (await buffer(encodeBase64(Readable.from(pieces)))).toString()
        expect(encoded).toBe(whole.toString('base64'))
        expect(encoded).toHaveLength(base64Length(whole.length))
      }),
      { numRuns: 500 }
    )
  })

  it('lets go of where they come from when nobody wants more', async () => {
    const source = Readable.from([Buffer.alloc(300), Buffer.alloc(300)])
    for await (const piece of encodeBase64(source)) {
      expect(piece).toHaveLength(400)
      break
    }
    expect(source.destroyed).toBe(true)
  })
})
