import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../auth/caller.ts'
import type { Config } from '../../config/config.ts'
import { errors } from '../../lib/errors.ts'
import { publicUrl } from '../public-url.ts'

/** Who calls from a browser. Throws `invalid_request` when what they call us is no address. */
export function callerOf(request: FastifyRequest, { publicUrl: configured }: Pick<Config, 'publicUrl'>): Caller {
  const base = publicUrl(request, configured)
  if (!URL.canParse(base)) throw errors.invalidRequest("The 'host' header is not a host.")
  return { base, address: request.ip, headers: request.headers }
}
