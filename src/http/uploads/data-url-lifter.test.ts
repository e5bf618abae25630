import fc from 'fast-check'
import type { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { DataUrlLifter } from './data-url-lifter.ts'

const KEYS = new Set(['image', 'images'])

/** What comes out for a body in these chunks; the data URLs are written as LIFTED0, LIFTED1, … */
async function lift(chunks: readonly Buffer[], maxTextBytes = 1_000_000) {
  const images: { mediaType: string; bytes: Promise<Buffer> }[] = []
  const lifter = new DataUrlLifter({
    keys: KEYS,
    maxTextBytes,
    lift: ({ mediaType, bytes }: { mediaType: string; bytes: Readable }) => {
      const all = buffer(bytes)
      all.catch(() => undefined)
      return `LIFTED${images.push({ mediaType, bytes: all }) - 1}`
    }
  })
  const out = text(lifter)
  for (const chunk of chunks) lifter.write(chunk)
  lifter.end()
  return { text: await out, images: await Promise.all(images.map(async (one) => ({ ...one, bytes: await one.bytes }))) }
}

const cutInto = (bytes: Buffer, lengths: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = []
  let rest = bytes
  for (const length of lengths) {
    chunks.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return [...chunks, rest]
}

const inOne = (body: string) => lift([Buffer.from(body)])

/** The same text as JSON may write it: some characters as escapes, slashes with a backslash, lines broken. */
const spell = (json: string, choices: readonly number[]): string =>
  [...json]
    .map((character, index) => {
      const choice = choices[index % choices.length]
      if (choice === 1 && character === '/') return '\\/'
      if (choice === 2 && /[A-Za-z0-9+/=]/.test(character))
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
      return character
    })
    .join('')

describe('DataUrlLifter', () => {
  it.each([
    ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
    ['image/jpeg', [0xff, 0xd8, 0xff, 0xe0]],
    ['image/jpeg', [0xff, 0xd8, 0xff, 0xff]],
    ['image/webp', [...Buffer.from('RIFF')]]
  ])('lifts the base64 of a picture that is no data URL: %s', async (mediaType, magic) => {
    const picture = Buffer.concat([Buffer.from(magic), Buffer.alloc(50, 7)])
    const base64 = picture.toString('base64')
    for (const spelled of [base64, base64.replaceAll('/', '\\/')]) {
      const body = `{"image": "${spelled}", "prompt": "${spelled}", "images": ["${spelled}", "ast_1"]}`
      for (const chunks of [[Buffer.from(body)], [...body].map((character) => Buffer.from(character))]) {
        const { text, images } = await lift(chunks)
        expect(text).toBe(`{"image": "LIFTED0", "prompt": "${spelled}", "images": ["LIFTED1", "ast_1"]}`)
        expect(images).toEqual([
          { mediaType, bytes: picture },
          { mediaType, bytes: picture }
        ])
      }
    }
  })

  it('lifts what belongs to its keys, byte by byte, however it is spelled and cut', async () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    const anyValue = fc.oneof(
      fc.string(),
      fc.constantFrom('data:', 'data:;base64,', 'data:x;base64', '"', '\\', '\\"', 'image')
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBytes, { maxLength: 3 }),
        fc.dictionary(fc.string(), anyValue, { maxKeys: 4 }),
        fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 1, maxLength: 9 }),
        fc.array(fc.nat(30), { maxLength: 60 }),
        fc.boolean(),
        async (images, other, spelling, cuts, first) => {
          const others = Object.fromEntries(Object.entries(other).filter(([key]) => !KEYS.has(key)))
          const url = (bytes: Buffer) => `"data:image/png;base64,${spell(bytes.toString('base64'), spelling)}"`
          const list = (items: readonly string[]) => `"images" : [ ${items.join(' , ')} ]`
          const rest = JSON.stringify(others).slice(1, -1)
          const whole = (items: readonly string[]) => {
            const members = [list(items), ...(rest === '' ? [] : [rest])]
            return `{${(first ? members : members.reverse()).join(',')}}`
          }
          const lifted = await lift(cutInto(Buffer.from(whole(images.map(url))), cuts))
          expect(lifted.text).toBe(whole(images.map((_, index) => `"LIFTED${index}"`)))
          expect(lifted.images).toEqual(images.map((bytes) => ({ mediaType: 'image/png', bytes })))
        }
      ),
      { numRuns: 500 }
    )
  })

  it('passes any JSON without images through as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.array(fc.nat(20), { maxLength: 40 }), async (json, cuts) => {
        expect(await lift(cutInto(Buffer.from(json), cuts))).toEqual({ text: json, images: [] })
      }),
      { numRuns: 500 }
    )
  })

  it('passes any bytes through or fails in the caller’s terms', async () => {
    const anyChunk = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('"image"', ':', '"data:;base64,', '"', '\\', 'AAAA', ',').map((one) => Buffer.from(one))
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyChunk, { maxLength: 30 }), async (chunks) => {
        const outcome = await lift(chunks).catch((error: unknown) => error)
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'invalid_json' })
      }),
      { numRuns: 1000 }
    )
  })

  it('lifts only where an image is meant', async () => {
    const url = 'data:image/png;base64,AAAA'
    for (const untouched of [
      `{"prompt":"${url}"}`,
      `{"${url}":1}`,
      `["${url}"]`,
      `{"image":1,"other":"${url}"}`,
      `{"image":"data:image/png,AAAA"}`,
      `{"image":" ${url}"}`,
      `{"image":"data:${'x'.repeat(300)};base64,AAAA"}`
    ]) {
      expect(await inOne(untouched)).toEqual({ text: untouched, images: [] })
    }
    expect((await inOne(`{"a":{"image":"${url}"},"images":[{"image":"${url}"}]}`)).images).toHaveLength(2)
  })

  it('counts what is not lifted', async () => {
    const image = `data:;base64,${'A'.repeat(10_000)}`
    const body = Buffer.from(`{"image":"${image}","prompt":"${'x'.repeat(100)}"}`)
    await lift([body], 200)
    await expect(lift([body], 100)).rejects.toMatchObject({ code: 'request_too_large' })
  })

  it('skips the rest of an image whose taker has had enough, and goes on', async () => {
    const lifter = new DataUrlLifter({
      keys: KEYS,
      maxTextBytes: 1000,
      lift: ({ bytes }) => {
        bytes.destroy()
        return 'LIFTED'
      }
    })
    const out = text(lifter)
    lifter.write(`{"image":"data:;base64,`)
    for (let index = 0; index < 100; index++) lifter.write('A'.repeat(10_000))
    lifter.end('","prompt":"x"}')
    expect(await out).toBe('{"image":"LIFTED","prompt":"x"}')
  })
})
