import { type TOptional, type TSchema, type TUnsafe, Type } from 'typebox'
import {
  entriesOf,
  type Field,
  type FieldOf,
  type FieldValue,
  type ParameterName,
  PARAMETERS
} from '../images/fields.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { Count, ExactInteger } from './bounded.ts'

/** How the message `attempt.assigned` spells a parameter. */
type InTask<Name extends ParameterName> = (typeof PARAMETERS)[Name] extends { inTask: infer Spelling extends string }
  ? Spelling
  : Name

/** Parameters as the message holds them, each absent when it was not asked for. */
export type TaskParameters = { [Name in ParameterName as InTask<Name>]?: FieldOf<Name> }

const inTask = (name: ParameterName): keyof TaskParameters => {
  const field: Field = PARAMETERS[name]
  return (field.inTask ?? name) as keyof TaskParameters
}

/** The gateway has judged the values: agents hold them to what they are, and the limits of one version bind no other. */
function schemaOf(value: FieldValue): TSchema {
  switch (value.type) {
    case 'text':
      return Type.String()
    case 'integer':
    case 'lifetime':
    case 'seed':
      return ExactInteger()
    case 'number':
      return Type.Number()
    case 'boolean':
      return Type.Boolean()
    case 'choice':
      return Type.Enum([...value.of])
    case 'loras':
      return Type.Array(Type.Object({ name: Type.String(), weight: Type.Number() }))
    case 'size':
      return Type.Object({ width: Count(), height: Count() })
  }
}

/** Members of the schema of a task. */
export const TASK_PARAMETERS = Object.fromEntries(
  entriesOf<ParameterName>(PARAMETERS).map(([name, { value }]) => [inTask(name), Type.Optional(schemaOf(value))])
) as { [Name in ParameterName as InTask<Name>]-?: TOptional<TUnsafe<FieldOf<Name>>> }

const SPELLINGS = entriesOf<ParameterName>(PARAMETERS).map(([name]) => ({ name, inTask: inTask(name) }))

/** Parameters as the message of a task spells them. */
export const toTaskParameters = (parameters: ImageParameters): TaskParameters =>
  respell(parameters, { from: 'name', to: 'inTask' })

/** Parameters by their names on the wire, from the message of a task. */
export const fromTaskParameters = (task: TaskParameters): Pick<ImageParameters, ParameterName> =>
  respell(task, { from: 'inTask', to: 'name' })

/** The parameters that are there, each under its other name. */
function respell(given: object, { from, to }: Record<'from' | 'to', 'name' | 'inTask'>): Record<string, never> {
  const values = given as Record<string, unknown>
  const respelled: Record<string, unknown> = {}
  for (const spelling of SPELLINGS) {
    const value = values[spelling[from]]
    if (value !== undefined) respelled[spelling[to]] = value
  }
  return respelled as Record<string, never>
}
