import { type TSchema, Type } from 'typebox'
import { entriesOf, type Field, type FieldName, FIELDS, MAX_LORA_WEIGHT } from '../../../images/fields.ts'
import type { ImageKind } from '../../../images/image-request.ts'

/** The fields of a call of this kind as the API document describes them, all but its prompt, whose meaning differs. */
export const fieldSchemas = (kind: ImageKind): Record<string, TSchema> =>
  Object.fromEntries(
    entriesOf<FieldName>(FIELDS)
      .filter(([name, { kinds }]) => name !== 'prompt' && (kinds?.includes(kind) ?? true))
      .map(([name, field]) => [name, name === 'model' ? schemaOf(field) : Type.Optional(schemaOf(field))])
  )

function schemaOf({ value, default: usual, description, examples }: Field): TSchema {
  const facts = { description, ...(usual !== undefined && { default: usual }), ...(examples && { examples }) }
  switch (value.type) {
    case 'text':
      return Type.String({ ...(value.maxChars !== 'prompt' && { maxLength: value.maxChars }), ...facts })
    case 'integer':
      return Type.Integer({ ...rangeOf(value), ...facts })
    case 'number':
      return Type.Number({ ...rangeOf(value), ...facts })
    case 'lifetime':
      return Type.Union([Type.Literal(0), Type.Integer(rangeOf(value))], facts)
    case 'boolean':
      return Type.Boolean(facts)
    case 'choice':
      return Type.Enum([...value.of], facts)
    case 'seed':
      return Type.Integer({ minimum: -1, ...facts })
    case 'loras':
      return Type.Array(
        Type.Union([
          Type.String({ maxLength: value.maxChars }),
          Type.Object({
            name: Type.String({ maxLength: value.maxChars }),
            weight: Type.Optional(Type.Number({ minimum: -MAX_LORA_WEIGHT, maximum: MAX_LORA_WEIGHT }))
          })
        ]),
        { maxItems: value.maxItems, ...facts }
      )
    case 'size':
      return Type.String(facts)
  }
}

const rangeOf = ({ min, max }: { min: number; max?: number }) => ({
  minimum: min,
  ...(max !== undefined && { maximum: max })
})
