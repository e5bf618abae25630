import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authorize } from '../../auth/permissions.ts'
import { errors } from '../../lib/errors.ts'
import { callerOf } from '../auth/caller.ts'
import type { HttpContext } from '../http-context.ts'
import { publicUrl } from '../public-url.ts'

const READ_ONLY = ['GET', 'HEAD', 'OPTIONS']

/**
 * Every route of the scope that names an operation needs somebody signed in who may do it, and a page of our own. No cache
 * keeps what any of them answers, for it is told to whoever the cookie says.
 */
export function authenticateSessions(
  scope: FastifyInstance,
  { people, config }: Pick<HttpContext, 'people' | 'config'>
): void {
  scope.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store')
    if (!READ_ONLY.includes(request.method)) refuseOtherSites(request, publicUrl(request, config.publicUrl))
    const { operation } = request.routeOptions.config
    if (operation === undefined) return
    const person = await people.principalOf(callerOf(request, config))
    if (!person) throw errors.notSignedIn()
    request.principal = person
    authorize(person, operation)
  })
}

/**
 * The cookie is `SameSite=Lax` already; this keeps pages of sibling hosts and ports out, too. Every current browser says
 * where a call comes from in `Sec-Fetch-Site`, older ones in `Origin`; what says neither is no browser and holds its
 * cookie on purpose. Throws `permission_denied`.
 */
export function refuseOtherSites({ headers, reached }: FastifyRequest, base: string): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined) {
    if (site !== 'same-origin') throw errors.otherSite()
    return
  }
  const { origin } = headers
  const hosts = [reached.origin, base].map((url) => new URL(url).host)
  if (origin !== undefined && (!URL.canParse(origin) || !hosts.includes(new URL(origin).host))) throw errors.otherSite()
}
