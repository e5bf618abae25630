import type { FastifyRequest } from 'fastify'

/** What URLs in an answer begin with, without a slash at its end: as configured, else as this caller reached us. */
export const publicUrl = (request: FastifyRequest, configured: string | undefined): string =>
  configured ?? request.reached.origin
