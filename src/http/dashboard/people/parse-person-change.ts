import type { PersonChange } from '../../../people/person-change-store.ts'
import { errors } from '../../../lib/errors.ts'
import { ROLES } from '../../../lib/principal.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { parseLimits } from '../parse-limits.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'

/** The body of `PATCH /api/dashboard/people/<id>`. Throws `invalid_request` with the name of the field. */
export function parsePersonChange(body: unknown): PersonChange {
  const fields = new Fields(jsonObject(body))
  const role = fields.choice('role', ROLES)
  const disabled = fields.boolean('disabled')
  const limits = fields.value('limits')
  refuseUnknown(fields)
  const change = {
    ...(role && { role }),
    ...(disabled !== undefined && { disabled }),
    ...(limits !== undefined && { limits: parseLimits(limits) })
  }
  if (Object.keys(change).length === 0) throw errors.invalidRequest("Name 'role', 'disabled' or 'limits'.")
  return change
}
