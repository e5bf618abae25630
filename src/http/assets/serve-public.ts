import type { FastifyInstance } from 'fastify'
import type { ClubInfo } from '../dashboard/contract/session.ts'
import { parseCursor, presentCursor } from '../dashboard/cursor.ts'
import type { HttpContext } from '../http-context.ts'
import { Fields } from '../openai/fields.ts'
import { dressPage } from '../web/dress-page.ts'
import { PUBLIC_HEADERS, publicPage } from './public-page.ts'

/**
 * `GET /public?cursor=`: the newest public pictures of the club, for people without an account, where an admin has switched that
 * on. Where not there is no such path.
 */
export function servePublic(
  scope: FastifyInstance,
  {
    requestViews,
    config,
    basePath,
    club
  }: Pick<HttpContext, 'requestViews' | 'config'> & {
    basePath: string
    club: () => ClubInfo
  }
): void {
  scope.get<{ Querystring: Record<string, unknown> }>('/public', { schema: { hide: true } }, async (request, reply) => {
    if (!config.club.publicPage) return reply.callNotFound()
    const after = parseCursor(new Fields(request.query))
    const { pictures, next } = await requestViews.listPublic(after && { finished_at: after.created_at, id: after.id })
    const older = next && `${basePath}/public?cursor=${presentCursor({ created_at: next.finished_at, id: next.id })}`
    return reply
      .headers(PUBLIC_HEADERS)
      .type('text/html; charset=utf-8')
      .send(dressPage(publicPage({ pictures, older, basePath }), { ...club(), basePath }))
  })
}
