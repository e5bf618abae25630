import type { FastifyInstance } from 'fastify'
import { maySeeResults, seesOthers } from '../../assets/may-see.ts'
import type { Principal } from '../../lib/principal.ts'
import type { RequestRow } from '../../requests/request-store.ts'
import type { LiveEvent as LiveProgressEvent } from '../../request-views/live-progress.ts'
import type { WatchedEvent } from '../../request-views/watch-mailbox.ts'
import { callerOf } from '../auth/caller.ts'
import { noteLooks } from '../note-looks.ts'
import { HEARTBEAT, HEARTBEAT_EVERY_MS, sendEvents } from '../event-stream.ts'
import type { HttpContext } from '../http-context.ts'
import { Fields } from '../openai/fields.ts'
import type { LiveEvents } from './contract/requests.ts'
import { parseOwner } from './requests/parse-owner.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { presentSummary } from './requests/present-request.ts'

type LiveEvent = { [Name in keyof LiveEvents]: { event: Name; data: LiveEvents[Name] } }[keyof LiveEvents]

/** `GET /api/dashboard/events?owner=`: all that happens to somebody's requests, for as long as a page is open. */
export function watchEvents(
  scope: FastifyInstance,
  context: Pick<
    HttpContext,
    'requestViews' | 'assets' | 'people' | 'config' | 'stopping' | 'now' | 'onRightsChange' | 'budgets'
  >
): void {
  const { people, config } = context
  scope.get<{ Querystring: Record<string, unknown> }>(
    '/events',
    // Whoever asks for the head alone would be sent an answer that never ends.
    { exposeHeadRoute: false, config: { operation: 'watchRequests' } },
    async (request, reply) => {
      const fields = new Fields(request.query)
      const userId = parseOwner(fields, request.principal, config.limits)
      refuseUnknown(fields)
      const isOver = async () => {
        const reader = await people.principalOf(callerOf(request, config))
        return !reader || (!seesOthers(reader, config.limits) && reader.userId !== userId)
      }
      return sendEvents(context, {
        request,
        reply,
        isOver,
        events: (signal) => liveEvents(context, { userId, signal, reader: request.principal })
      })
    }
  )
}

async function* liveEvents(
  context: Pick<HttpContext, 'requestViews' | 'assets' | 'now'>,
  { reader, ...watch }: { userId: string | undefined; signal: AbortSignal; reader: Principal }
): AsyncGenerator<LiveEvent | typeof HEARTBEAT> {
  const { requestViews, now } = context
  /** Of requests that have not ended: whether what they make is not for this reader. */
  const secret = new Map<string, boolean>()
  const noteSecret = (request: RequestRow): void => {
    if (request.finished_at === null) secret.set(request.id, !maySeeResults(request, reader))
    else secret.delete(request.id)
  }
  const isSecret = async (id: string): Promise<boolean> => {
    if (watch.userId === reader.userId) return false
    // One that is gone is nobody's to see.
    if (!secret.has(id))
      await requestViews.view(id).then(
        ({ request }) => noteSecret(request),
        () => undefined
      )
    return secret.get(id) ?? true
  }
  for await (const watched of requestViews.watchAll({ ...watch, quietMs: HEARTBEAT_EVERY_MS })) {
    if (watched.type === 'changed') {
      noteSecret(watched.view.request)
      await noteLooks(context, reader, [watched.view])
    }
    if (watched.type === 'removed') secret.delete(watched.id)
    if (watched.type === 'live' && watched.event.type === 'preview' && (await isSecret(watched.requestId))) continue
    yield watched.type === 'quiet' ? HEARTBEAT : presentEvent(watched, now)
  }
}

function presentEvent(watched: WatchedEvent, now: () => number): LiveEvent {
  switch (watched.type) {
    case 'anew':
      return { event: 'hello', data: { now: now() } }
    case 'changed': {
      const { view, queue, ownerName } = watched
      const owner = { id: view.request.user_id, name: ownerName }
      return { event: 'request', data: presentSummary(view, { owner, queue }) }
    }
    case 'removed':
      return { event: 'removed', data: { id: watched.id } }
    case 'queue':
      return { event: 'queue', data: watched.totals }
    case 'live':
      return presentLive(watched.requestId, watched.event)
  }
}

function presentLive(requestId: string, live: LiveProgressEvent): LiveEvent {
  const { position: image } = live
  if (live.type === 'preview') {
    return { event: 'preview', data: { requestId, image, mediaType: live.mediaType, b64: live.b64 } }
  }
  const { step, steps, estimated } = live
  return { event: 'progress', data: { requestId, image, step, steps, ...(estimated !== undefined && { estimated }) } }
}
