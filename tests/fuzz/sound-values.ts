import fc, { type Arbitrary } from 'fast-check'

/** The part of JSON Schema that the routes and the messages of agents use. */
export interface Schema {
  type?: string
  format?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  examples?: readonly unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: readonly string[]
}

/** By the name of a field, what a caller says in it who means well, where the schema does not say it. */
export type Usual = Record<string, Arbitrary<unknown>>

/** Whether it is a file of a form, or several. */
export const isFile = ({ format, items }: Schema): boolean => (items ?? { format }).format === 'binary'

/** Values that a schema allows. */
export function soundValue(schema: Schema, usual: Usual): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.examples) return fc.constantFrom(...schema.examples)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => soundValue(each, usual)))
  switch (schema.type) {
    case 'integer':
    case 'number': {
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema
      const least = Math.ceil(minimum)
      return fc.integer({ min: least, max: Math.min(maximum, least + 5) })
    }
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(soundValue(schema.items ?? {}, usual), {
        minLength: 1,
        maxLength: Math.min(3, schema.maxItems ?? 3)
      })
    case 'object':
      return soundObject(schema, usual)
    default: {
      const { minLength = 0, maxLength = 12 } = schema
      return fc.string({ minLength: Math.max(1, minLength), maxLength: Math.max(minLength, Math.min(12, maxLength)) })
    }
  }
}

/** Has no prototype, so that `__proto__` can be a member like any other, as it is in JSON. */
export function soundObject(
  { properties = {}, required = [] }: Schema,
  usual: Usual
): Arbitrary<Record<string, unknown>> {
  const members = Object.entries(properties).map(([name, member]) => {
    const isThere = required.includes(name) ? fc.constant(true) : fc.nat(3).map((chance) => chance === 0)
    return fc.tuple(fc.constant(name), usual[name] ?? soundValue(member, usual), isThere)
  })
  return fc.tuple(...members).map((all) => {
    const object = Object.create(null) as Record<string, unknown>
    for (const [name, value, isThere] of all) if (isThere) object[name] = value
    return object
  })
}
