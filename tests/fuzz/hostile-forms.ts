import fc, { type Arbitrary } from 'fast-check'
import sharp from 'sharp'
import { SHORT_HOSTILE_TEXTS, valueFor } from './hostile-values.ts'
import { asText, type CasePart, type HttpCase } from './http-case.ts'
import { isFile, type Schema, soundValue, type Usual } from './sound-values.ts'

const FILE_NAMES = ['png', 'jpeg', 'gif', 'svg', 'cut png', 'png with text behind', 'other size', 'noise', 'nothing']

/** What is uploaded, by the name that stands in a case. */
export async function makeFiles(): Promise<Record<string, Buffer>> {
  const picture = (width: number) =>
    sharp({ create: { width, height: 32, channels: 4, background: { r: 9, g: 20, b: 30, alpha: 0.5 } } })
  const png = await picture(32).png().toBuffer()
  return {
    png,
    jpeg: await picture(32).jpeg().toBuffer(),
    gif: await picture(32).gif().toBuffer(),
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>'),
    'cut png': png.subarray(0, png.length / 2),
    'png with text behind': Buffer.concat([png, Buffer.from('<script>')]),
    'other size': await picture(48).png().toBuffer(),
    noise: Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 251)),
    nothing: Buffer.alloc(0)
  }
}

const NEEDED: readonly CasePart[] = [
  { name: 'prompt', text: 'a fox' },
  { name: 'model', text: 'demo' },
  { name: 'size', text: '32x32' }
]
const IMAGE: CasePart = { name: 'image', filename: 'a.png', type: 'image/png', file: 'png' }

const file: Arbitrary<CasePart> = fc.record(
  {
    name: fc.constantFrom('image', 'image[]', 'image[0]', 'mask', 'images', '', '__proto__', 'extra', 'n'),
    filename: fc.constantFrom(...SHORT_HOSTILE_TEXTS),
    type: fc.constantFrom('image/png', 'image/jpeg', 'text/html', 'a', 'multipart/mixed; boundary=x', 'x'.repeat(1000)),
    file: fc.constantFrom(...FILE_NAMES)
  },
  { requiredKeys: ['name', 'file'] }
)

/** A form that makes an image more often than not, with fields and files behind it that may say otherwise. */
export function formOf(schema: Schema, usual: Usual): Arbitrary<HttpCase['body']> {
  const fields = Object.entries(schema.properties ?? {}).filter(([, member]) => !isFile(member))
  const field = (valueOf: (name: string, member: Schema) => Arbitrary<unknown>): Arbitrary<CasePart> =>
    fc
      .constantFrom(...fields)
      .chain(([name, member]) => valueOf(name, member).map((value) => ({ name, text: asText(value) })))
  const sound = field((name, member) => usual[name] ?? soundValue(member, usual))
  const wrong = fc.oneof(
    field((_name, member) => valueFor(member)),
    file
  )
  return fc.record({
    parts: fc
      .tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.constant([IMAGE, ...NEEDED]) },
          { weight: 1, arbitrary: fc.subarray([IMAGE, ...NEEDED]) }
        ),
        fc.array(sound, { maxLength: 3 }),
        fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(wrong, { maxLength: 3 }) })
      )
      .map((parts) => parts.flat()),
    isClosed: fc.nat(15).map((chance) => chance > 0)
  })
}
