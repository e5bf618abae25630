import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { decodeImageText } from './image-text.ts'
import { AnswerLifter, type LiftedPictures, liftPictures } from './lifted-pictures.ts'

const MAGIC = [
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13],
  [0xff, 0xd8, 0xff, 0xe0, 0, 16],
  [...Buffer.from('RIFF\x10\0\0\0WEBP')]
]
const MAX_BYTES = 1_000_000

const anyPicture = fc
  .tuple(fc.constantFrom(...MAGIC), fc.uint8Array({ minLength: 8, maxLength: 300 }))
  .map(([magic, bytes]) => Buffer.from([...magic, ...bytes]).toString('base64'))
/** As servers write it: with line breaks, without padding, URL-safe, or broken. */
const anyBase64 = fc.oneof(
  anyPicture,
  anyPicture.map((text) => text.replaceAll('=', '')),
  anyPicture.map((text) => text.replace(/.{20}/g, '$&\r\n')),
  anyPicture.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  fc
    .tuple(anyPicture, fc.array(fc.constantFrom(' ', '\n', '=', '"', '\\', '/', 'é', '.', 'A', '\0'), { maxLength: 6 }))
    .map(([text, garbage]) =>
      garbage.reduce((whole, one, at) => whole.slice(0, 40 + 7 * at) + one + whole.slice(40 + 7 * at), text)
    )
)
const anyText = fc.oneof(
  anyBase64,
  anyBase64,
  fc
    .tuple(fc.constantFrom('image/png', 'image/jpeg;charset=x', ''), anyBase64)
    .map((parts) => `data:${parts.join(';base64,')}`),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(
    '',
    'iVBORw0KGgo',
    'data:image/png;base64,',
    'data:,',
    'https://a.example/b.png',
    '"',
    '\\',
    'lifted1'
  )
)
const { value: anyAnswer } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    anyText,
    fc.oneof(fc.double({ noDefaultInfinity: true, noNaN: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('data', 'b64_json', 'revised_prompt', 'usage', 'error'), fc.string()),
      tie('value'),
      {
        maxKeys: 5
      }
    )
  )
}))

/** The same JSON as others write it: slashes with a backslash, some characters as escapes. */
const spell = (json: string, choices: readonly number[]): string =>
  json.replace(/"(?:\\.|[^"\\])*"/g, (text) =>
    text.replace(/\\u....|\\.|[A-Za-z0-9+/=]/g, (character, at: number) => {
      const choice = choices[at % choices.length]
      if (character === '/' && choice === 1) return '\\/'
      if (character.length > 1 || choice !== 2) return character
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    })
  )

function lift(body: Buffer, cuts: readonly number[], expectedBytes?: number) {
  const lifter = new AnswerLifter({ maxPictureBytes: MAX_BYTES, expectedBytes })
  let rest = body
  for (const length of cuts) {
    lifter.write(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  lifter.write(rest)
  return lifter.end()
}

/** Every text of an answer as the bytes of the image that it may be. */
function readAll(value: unknown, pictures?: LiftedPictures): unknown {
  if (typeof value === 'string') {
    try {
      return decodeImageText(value, MAX_BYTES, pictures)
    } catch (error) {
      return error
    }
  }
  if (Array.isArray(value)) return value.map((item) => readAll(item, pictures))
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).map(([key, member]) => [key, readAll(member, pictures)])
}

const onlyOne = (pictures: LiftedPictures): Buffer => {
  expect(pictures.size).toBe(1)
  return [...pictures.values()][0]!
}

describe('pictures that are lifted from an answer', () => {
  it('are those that its JSON and Node make of it, however it is spelled and cut', () => {
    fc.assert(
      fc.property(
        anyAnswer,
        fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: 1, maxLength: 9 }),
        fc.array(fc.nat(60), { maxLength: 60 }),
        fc.boolean(),
        (answer, spelling, cuts, isIndented) => {
          const json = spell(JSON.stringify(answer, null, isIndented ? 2 : undefined), spelling)
          const body = Buffer.from(json)
          for (const pieces of [cuts, Array<number>(body.length).fill(1)]) {
            const { text, pictures } = lift(body, pieces, cuts.length % 2 === 0 ? body.length : undefined)
            expect(readAll(JSON.parse(text), pictures)).toEqual(readAll(JSON.parse(json)))
          }
        }
      ),
      { numRuns: 400 }
    )
  })

  it('are none in anything else, which comes out as it is', () => {
    const anyPiece = fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('"', '\\', '\\"', ':', '{"b64_json":', '"data:', 'i', ',').map((text) => Buffer.from(text))
    )
    fc.assert(
      fc.property(fc.array(anyPiece, { maxLength: 30 }), fc.array(fc.nat(9), { maxLength: 30 }), (pieces, cuts) => {
        const body = Buffer.concat(pieces)
        expect(lift(body, cuts)).toEqual({ text: body.toString(), pictures: new Map() })
      }),
      { numRuns: 1000 }
    )
  })

  it('are all that is there of an answer that is cut off in the middle of one: what is left is no JSON', () => {
    const picture = Buffer.from([...MAGIC[0]!, ...Array<number>(100).fill(7)]).toString('base64')
    const { text, pictures } = liftPictures(Buffer.from(`{"data":[{"b64_json":"${picture}`), MAX_BYTES)
    expect(text).toMatch(/^{"data":\[{"b64_json":"lifted\w+$/)
    expect(pictures.size).toBe(0)
  })

  it('are decoded into memory of their own size, whatever else the answer holds', () => {
    const picture = Buffer.concat([Buffer.from(MAGIC[0]!), Buffer.alloc(900_000, 0xa7)])
    const body = Buffer.from(`{"usage":{"total_tokens":1},"data":[{"b64_json":"${picture.toString('base64')}"}]}`)
    const chunks = Array<number>(Math.floor(body.length / 65_536)).fill(65_536)
    const { text, pictures } = lift(body, chunks, body.length)
    expect(text.slice(0, 200)).toMatch(/^{"usage":{"total_tokens":1},"data":\[{"b64_json":"lifted\w+"}\]}$/)
    const lifted = onlyOne(pictures)
    expect(lifted.equals(picture)).toBe(true)
    expect(lifted.buffer.byteLength).toBeLessThan(picture.length + 100)
  })

  it('have the memory of pieces back that are nothing else than theirs', () => {
    const picture = Buffer.concat([Buffer.from(MAGIC[0] as number[]), Buffer.alloc(3000, 'x')])
    const text = Buffer.from(JSON.stringify({ created: 1, data: [{ b64_json: picture.toString('base64') }] }))
    const pieces = [0, 1000, 2000, 3000, 4000].map((at) =>
      Buffer.from(new Uint8Array(text.subarray(at, at + 1000)).buffer)
    )
    const lifter = new AnswerLifter({ maxPictureBytes: MAX_BYTES })
    for (const piece of pieces) lifter.write(piece)
    expect(pieces.map(({ length }) => length > 0)).toEqual([true, false, false, false, true])
    expect([...lifter.end().pictures.values()]).toEqual([picture])
  })

  it('are kept no further than an image may go, nor is room made for what is only announced', () => {
    const body = Buffer.from(
      `["${Buffer.concat([Buffer.from(MAGIC[0]!), Buffer.alloc(3 * MAX_BYTES)]).toString('base64')}"]`
    )
    const chunks = Array<number>(Math.floor(body.length / 65_536)).fill(65_536)
    const lifted = onlyOne(lift(body, chunks, 1e12).pictures)
    expect(lifted.length).toBeGreaterThan(MAX_BYTES)
    expect(lifted.buffer.byteLength).toBeLessThanOrEqual(2 * MAX_BYTES + 100)
    const small = lift(Buffer.from(`["${Buffer.from(MAGIC[0]!).toString('base64')}AAAA"]`), [20, 1], 1e12)
    expect(onlyOne(small.pictures).buffer.byteLength).toBeLessThan(100_000)
  })

  it('cost no more for being many, each in two pieces, where the answer says that it is long', () => {
    const made = vi.spyOn(Buffer, 'allocUnsafeSlow')
    onTestFinished(() => made.mockRestore())
    const lifter = new AnswerLifter({ maxPictureBytes: 75_000_000, expectedBytes: 100_000_000 })
    const picture = Buffer.from(`["${Buffer.from([...MAGIC[0]!, ...Array<number>(30).fill(7)]).toString('base64')}"]`)
    for (let count = 0; count < 1000; count += 1) {
      lifter.write(picture.subarray(0, 30))
      lifter.write(picture.subarray(30))
    }
    expect(lifter.end().pictures.size).toBe(1000)
    const bytes = made.mock.calls.reduce((sum, [size]) => sum + size, 0)
    expect(bytes).toBeLessThan(100 * 1000 * picture.length)
  })
})
