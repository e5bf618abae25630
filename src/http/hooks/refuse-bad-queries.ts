import type { FastifyInstance } from 'fastify'
import { errors } from '../../lib/errors.ts'

/** Refuses a query whose percent-encoded bytes are not UTF-8; what they mean would have to be guessed. */
export function refuseBadQueries(scope: FastifyInstance): void {
  scope.addHook('onRequest', async ({ url }) => {
    const at = url.indexOf('?')
    if (at === -1) return
    for (const [encoded] of url.slice(at).matchAll(/(?:%[0-9a-f]{2})+/gi)) {
      if (!isUtf8(encoded)) throw errors.invalidRequest('The query of the URL is not UTF-8 in percent-encoding.')
    }
  })
}

function isUtf8(encoded: string): boolean {
  try {
    decodeURIComponent(encoded)
    return true
  } catch {
    return false
  }
}
