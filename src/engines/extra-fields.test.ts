import { describe, expect, it } from 'vitest'
import { FIELDS } from '../images/fields.ts'
import { EXTRA_NAMES } from './automatic1111/caller-extras.ts'
import { HARMLESS_EXTRAS } from './openai/openai-fields.ts'

describe.each([
  ['automatic1111', EXTRA_NAMES],
  ['openai', HARMLESS_EXTRAS]
])('the extra fields of %s', (_engine, names) => {
  it('are none of the table of fields, of which an engine gets nothing as an extra', () => {
    expect(names.filter((name) => Object.hasOwn(FIELDS, name))).toEqual([])
  })
})
