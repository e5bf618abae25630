import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../people/caller.ts'
import type { Config } from '../../config/config.ts'
import { publicUrl } from '../public-url.ts'

/** Who calls from a browser. */
export const callerOf = (request: FastifyRequest, { publicUrl: configured }: Pick<Config, 'publicUrl'>): Caller => ({
  base: publicUrl(request, configured),
  address: request.reached.address,
  headers: request.headers
})
