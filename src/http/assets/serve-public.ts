import type { FastifyInstance, FastifyReply } from 'fastify'
import { AppError, errors } from '../../lib/errors.ts'
import { networkOf } from '../../lib/network-of.ts'
import { MOST_REPORT_TEXT, REPORT_REASONS } from '../../lib/report-reasons.ts'
import type { ClubInfo } from '../dashboard/contract/session.ts'
import { parseCursor, presentCursor } from '../dashboard/cursor.ts'
import { refuseOtherSites } from '../hooks/authenticate-sessions.ts'
import { refuseExceeded } from '../hooks/limit-rates.ts'
import type { HttpContext } from '../http-context.ts'
import { jsonObject } from '../json-object.ts'
import { Fields } from '../openai/fields.ts'
import { publicUrl } from '../public-url.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { dressPage } from '../web/dress-page.ts'
import { PUBLIC_HEADERS, publicPage, reportedPage } from './public-page.ts'

/** Reports per minute from one address. */
const REPORTS_RATE = 5
/** More than a report has, each of its characters written as nine. */
const MAX_FORM_BYTES = 8 * 1024

type PublicContext = Pick<HttpContext, 'requests' | 'requestViews' | 'rateLimits' | 'config'> & {
  basePath: string
  club: () => ClubInfo
}

/**
 * `GET /public?cursor=`: the newest public pictures of the club, for people without an account, and `POST /public` with a form: a
 * report of one; where an admin has switched that on. Where not there is no such path.
 */
export function servePublic(scope: FastifyInstance, context: PublicContext): void {
  const { requests, requestViews, config, basePath, club } = context
  const send = (reply: FastifyReply, html: string) =>
    reply
      .headers(PUBLIC_HEADERS)
      .type('text/html; charset=utf-8')
      .send(dressPage(html, { ...club(), basePath }))

  scope.get<{ Querystring: Record<string, unknown> }>('/public', { schema: { hide: true } }, async (request, reply) => {
    if (!config.club.publicPage) return reply.callNotFound()
    const after = parseCursor(new Fields(request.query))
    const { pictures, next } = await requestViews.listPublic(after && { finished_at: after.created_at, id: after.id })
    const older = next && `${basePath}/public?cursor=${presentCursor({ created_at: next.finished_at, id: next.id })}`
    return send(reply, publicPage({ pictures, older, basePath }))
  })

  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string)))
  )
  scope.post('/public', { schema: { hide: true }, bodyLimit: MAX_FORM_BYTES }, async (request, reply) => {
    if (!config.club.publicPage) return reply.callNotFound()
    refuseOtherSites(request, publicUrl(request, config.publicUrl))
    const address = networkOf(request.reached.address)
    await countReport(context, address)
    const report = parseReport(jsonObject(request.body))
    const refusal = await requests.reportPicture({ ...report, address }).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof AppError && error.status < 500) return error
        throw error
      }
    )
    const text = refusal
      ? 'This picture is not shown here any more.'
      : 'Thank you. The admins of this club will see your report.'
    return send(reply.status(refusal?.status ?? 200), reportedPage({ text, basePath }))
  })
}

/** Throws `rate_limit_exceeded`. */
async function countReport({ rateLimits }: Pick<HttpContext, 'rateLimits'>, address: string): Promise<void> {
  const caller = `report ${address}`
  const standing = await rateLimits.countCall({ keyId: caller, userId: caller, rateLimit: REPORTS_RATE })
  if (standing) refuseExceeded(standing, `You may send ${REPORTS_RATE} reports`)
}

function parseReport(body: Record<string, unknown>) {
  const { text: typed, ...others } = body
  // Forms send the end of a line as two characters.
  const fields = new Fields({ ...others, text: typeof typed === 'string' ? typed.replaceAll('\r\n', '\n') : typed })
  const assetId = fields.text('picture', 100)
  const reason = fields.choice('reason', REPORT_REASONS)
  const text = fields.text('text', MOST_REPORT_TEXT) ?? ''
  refuseUnknown(fields)
  if (assetId === undefined) throw errors.invalidRequest("Say which: 'picture' is missing.", 'picture')
  if (reason === undefined) throw errors.invalidRequest("Say why: 'reason' is missing.", 'reason')
  return { assetId, reason, text }
}
