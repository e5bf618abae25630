import { seesOthers, type SightRules } from '../../../assets/may-see.ts'
import { errors } from '../../../lib/errors.ts'
import type { Principal } from '../../../lib/principal.ts'
import type { Fields } from '../../openai/fields.ts'

const EVERYBODY = 'all'

/**
 * Whose requests are asked for: `owner`, by default the reader; undefined is everybody (`all`). Throws
 * `permission_denied` for those who may see nobody's but their own.
 */
export function parseOwner(fields: Fields, reader: Principal, rules: SightRules): string | undefined {
  const owner = fields.text('owner', 100) ?? reader.userId
  if (owner !== reader.userId && !seesOthers(reader, rules)) throw errors.roleDenied()
  return owner === EVERYBODY ? undefined : owner
}
