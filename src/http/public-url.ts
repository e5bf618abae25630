import type { FastifyRequest } from 'fastify'

/** What URLs in an answer begin with: as configured, else as this caller reached us (behind a trusted proxy, as it says). */
export const publicUrl = (request: FastifyRequest, configured: string | undefined): string =>
  configured ?? `${request.protocol}://${request.host}`
