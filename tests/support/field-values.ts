import { entriesOf, type Field, type FieldName } from '../../src/images/fields.ts'
import type { ImageKind } from '../../src/images/image-request.ts'

export const SIZE = { width: 64, height: 48 }

/** A value of a field that is neither its default nor what it would be anyway. */
export function valueOf(name: string, { value }: Field): unknown {
  switch (value.type) {
    case 'text':
      return `a ${name}`
    case 'integer':
      return value.max === undefined ? 2 : value.max - 1
    case 'lifetime':
      return value.max - 1
    case 'number':
      return value.min + 0.25
    case 'boolean':
      return true
    case 'choice':
      return value.of.at(-1)
    case 'seed':
      return 1234
    case 'loras':
      return [{ name: `a ${name}`, weight: 0.5 }]
    case 'size':
      return `${SIZE.width}x${SIZE.height}`
  }
}

/** How the answer is delivered: a call that waits for JSON has none of them. */
const OF_OTHER_DELIVERY: readonly FieldName[] = ['async', 'webhook_url', 'stream', 'partial_images']

/** Such values of the fields of a part of the table that mean something in a call of this kind, which waits for JSON. */
export const fieldsOf = (kind: ImageKind, table: Partial<Record<FieldName, Field>>): Record<string, unknown> =>
  Object.fromEntries(
    entriesOf(table as Record<FieldName, Field>)
      .filter(([name, { kinds }]) => !OF_OTHER_DELIVERY.includes(name) && (kinds?.includes(kind) ?? true))
      .map(([name, field]) => [name, valueOf(name, field)])
  )
