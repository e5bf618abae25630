import { describe, expect, it } from 'vitest'
import { FIELDS } from '../images/fields.ts'
import { KNOWN_EXTRAS as AUTOMATIC1111 } from './automatic1111/known-extras.ts'
import { OWN_EXTRAS as COMFYUI } from './comfyui/comfyui-engine.ts'
import { HARMLESS_EXTRAS } from './openai/openai-fields.ts'
import { KNOWN_EXTRAS as SDCPP } from './sdcpp/sdcpp-parameters.ts'
import { KNOWN_EXTRAS as SWARMUI } from './swarmui/swarmui-parameters.ts'

describe.each<[string, readonly string[]]>([
  ['automatic1111', Object.keys(AUTOMATIC1111)],
  ['comfyui', COMFYUI],
  ['openai', HARMLESS_EXTRAS],
  ['sdcpp', Object.keys(SDCPP)],
  ['swarmui', Object.keys(SWARMUI)]
])('the extra fields of %s', (_engine, names) => {
  it('are none of the table of fields, of which an engine gets nothing as an extra', () => {
    expect(names.filter((name) => Object.hasOwn(FIELDS, name))).toEqual([])
  })
})
