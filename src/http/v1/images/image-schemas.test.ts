import { describe, expect, it } from 'vitest'
import { noteFieldsRead } from '../../../../tests/support/note-fields.ts'
import { wrapUntilTheEnd } from '../../../../tests/support/wrap-method.ts'
import { loadConfig } from '../../../config/config.ts'
import { entriesOf, type FieldName, FIELDS } from '../../../images/fields.ts'
import type { ImageKind } from '../../../images/image-request.ts'
import { parseImageRequest } from '../../openai/parse-image-request.ts'
import { CreateImageBody, EditImageForm, EditImageJson, VaryImageForm, VaryImageJson } from './image-schemas.ts'

interface FieldSchema {
  type?: string
  enum?: readonly string[]
  const?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
}

const { limits } = loadConfig({})
const wrap = wrapUntilTheEnd()

/** Of the same, those that are no images: these never come to the parser. */
const fieldsOf = (properties: object): Record<string, FieldSchema> =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !['image', 'images', 'mask'].includes(name)))

const BODIES: [string, ImageKind, Record<string, FieldSchema>][] = [
  ['a generation', 'generation', fieldsOf(CreateImageBody.properties)],
  ['an edit as a form', 'edit', fieldsOf(EditImageForm.properties)],
  ['an edit as JSON', 'edit', fieldsOf(EditImageJson.properties)],
  ['a variation as a form', 'variation', fieldsOf(VaryImageForm.properties)],
  ['a variation as JSON', 'variation', fieldsOf(VaryImageJson.properties)]
]

const parse = (kind: ImageKind, field: Record<string, unknown>) =>
  parseImageRequest({ model: 'demo', prompt: 'a fox', ...field }, { kind, limits })

/** What else has to be sent for the field to be possible. */
const COMPANIONS: Record<string, Record<string, unknown>> = { webhook_url: { async: true } }

/** Text of that length that means something in the field. */
const textFor = (name: string, length: number): string =>
  name === 'webhook_url' ? 'https://example.org/'.padEnd(length, 'x') : 'x'.repeat(length)

/** The values at the bounds of a field, and those one past them. */
function boundsOf(name: string, schema: FieldSchema): { within: unknown[]; past: unknown[] } {
  const { minimum, maximum, maxLength } = schema
  const whole = schema.type === 'integer' ? 1 : 0.01
  return {
    within: [
      ...(schema.enum ?? []),
      ...[schema.const, minimum, maximum].filter((value) => value !== undefined),
      ...(maxLength === undefined ? [] : [textFor(name, maxLength)])
    ],
    past: [
      ...(schema.enum ? [`${schema.enum[0]}x`] : []),
      ...(schema.const === false ? [true] : []),
      ...(schema.type === 'boolean' ? ['perhaps'] : []),
      ...(minimum === undefined ? [] : [minimum - whole]),
      ...(maximum === undefined ? [] : [maximum + whole]),
      ...(maxLength === undefined ? [] : [textFor(name, maxLength + 1)])
    ]
  }
}

describe.each(BODIES)('the fields of %s in the document', (_what, kind, described) => {
  it('are those that the parser reads', () => {
    const read = noteFieldsRead(wrap)
    parse(kind, {})
    // The parser reads them for every kind, to say that they are of others alone.
    for (const [name, { kinds }] of entriesOf<FieldName>(FIELDS)) {
      if (kinds?.includes(kind) === false) read.delete(name)
    }
    expect(Object.keys(described).sort()).toEqual([...read].sort())
  })

  it.each(Object.entries(described).map(([name, schema]) => [name, schema] as const))(
    '%s is taken up to its bounds, and no further',
    (name, schema) => {
      const { within, past } = boundsOf(name, schema)
      for (const value of within) {
        const { parameters } = parse(kind, { ...COMPANIONS[name], [name]: value }).submission.image
        expect(parameters.extra).toEqual({})
      }
      for (const value of past) {
        expect(() => parse(kind, { ...COMPANIONS[name], [name]: value }), `${name}: ${String(value)}`).toThrow(
          expect.objectContaining({ param: name })
        )
      }
    }
  )

  it('are all explained', () => {
    for (const [name, schema] of Object.entries(described)) expect(schema, name).toHaveProperty('description')
  })
})
