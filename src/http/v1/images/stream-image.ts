import type { FastifyReply } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { inBackground } from '../../../lib/async.ts'
import { errors } from '../../../lib/errors.ts'
import { hasEnded } from '../../../requests/request-states.ts'
import type { LiveEvent } from '../../../request-views/live-progress.ts'
import type { RequestView } from '../../../request-views/view-request.ts'
import { callerLeft } from '../../caller-left.ts'
import { tellError } from '../../error-handler.ts'
import {
  HEARTBEAT,
  HEARTBEAT_EVERY_MS,
  sendEvents,
  type ServerSentEvent,
  type WrittenEvent
} from '../../event-stream.ts'
import { InlineImages } from '../../inline-images.ts'
import { keepUntilAnswered } from '../../keep-until-answered.ts'
import { presentCompleted, presentPartialImage, presentStreamError } from '../../openai/present-image-events.ts'
import { onceDelivered } from '../../once-delivered.ts'
import { stillAuthorized } from '../../still-authorized.ts'
import {
  failureOf,
  type ImageExchange,
  passingError,
  REQUEST_ID_HEADER,
  type Submitted,
  waitsInVain
} from './image-exchange.ts'

type ImageStream = Submitted & { partialImages: number }

/**
 * Answers with the events of one image as OpenAI's image API sends them: at most `partialImages` previews, then the image or
 * an error, whose event is all that can tell of it once the stream has begun. Nobody will read the image of a caller who
 * left without a key to come back with: its request is canceled.
 */
export async function streamImage(
  context: HttpContext,
  exchange: ImageExchange,
  stream: ImageStream
): Promise<FastifyReply> {
  const { call, request, reply } = exchange
  const { id, hasKey } = stream
  const giveUp = async () => {
    if (!hasKey && !context.stopping.aborted) await context.requests.cancel(id)
  }
  const giveUpSoon = () =>
    inBackground(giveUp(), (error) => context.logger.warn({ err: error, request: id }, 'an unread image goes on'))
  keepUntilAnswered(context, { id, call, reply })
  const left = callerLeft(reply)
  left.addEventListener('abort', giveUpSoon)
  const answered = context.callers.enter()
  reply.raw.once('close', answered)
  if (left.aborted) {
    answered()
    giveUpSoon()
  }
  try {
    return sendEvents(context, {
      request,
      reply: reply.header(REQUEST_ID_HEADER, id),
      isOver: async () => !(await stillAuthorized(context, request)),
      events: async function* (signal) {
        try {
          yield* untilEnded(context, { ...stream, signal, reply })
        } catch (error) {
          giveUpSoon()
          yield presentStreamError(tellError(context, error, request))
        }
      }
    })
  } catch (error) {
    await giveUp()
    throw error
  }
}

async function* untilEnded(
  context: HttpContext,
  { id, hasKey, partialImages, signal, reply }: ImageStream & { signal: AbortSignal; reply: FastifyReply }
): AsyncGenerator<ServerSentEvent | WrittenEvent | typeof HEARTBEAT> {
  const { requestViews, durable, now } = context
  const choice = choosePreviews(partialImages)
  const began = performance.now()
  let index = 0
  let view: RequestView | undefined
  for await (const event of requestViews.watch({ id, signal, quietMs: quietMs(context) })) {
    switch (event.type) {
      case 'changed':
        view = event.view
        if (!hasEnded(view.request.state)) break
        await durable()
        if (view.request.expires_in === 0) onceDelivered(context, reply, { id })
        yield await presentEnd(view, context)
        return
      case 'progress':
        choice.noteProgress(event)
        break
      case 'preview':
        if (view && choice.takes()) yield presentPartialImage(view, event, { index: index++, now: now() })
        break
      case 'quiet':
        await refuseToWait(context, { id, hasKey, reply, waitedMs: performance.now() - began })
        yield HEARTBEAT
    }
  }
  throw context.stopping.aborted
    ? errors.shuttingDown(`The server is restarting; request '${id}' goes on afterwards.`)
    : errors.invalidApiKey()
}

const quietMs = ({ config }: HttpContext): number => Math.min(HEARTBEAT_EVERY_MS, config.limits.unusableTimeoutMs)

async function presentEnd(view: RequestView, context: HttpContext): Promise<ServerSentEvent | WrittenEvent> {
  const failure = failureOf(view)
  if (failure) return presentStreamError(failure)
  const images = new InlineImages(context)
  const { event, data } = presentCompleted(view, (asset) => images.wordFor(asset))
  return { event, json: (await images.write(data)).content }
}

/** Throws what a caller is told who is better off coming back later; without a key for it the request is over then. */
async function refuseToWait(
  context: HttpContext,
  { id, hasKey, reply, waitedMs }: Pick<Submitted, 'id' | 'hasKey'> & { reply: FastifyReply; waitedMs: number }
): Promise<void> {
  const { requests, requestViews, config, now } = context
  const { unusableTimeoutMs, syncTimeoutMs } = config.limits
  const wait = await requestViews.findWait(id)
  if (!waitsInVain(wait, { waitedMs, mayWaitMs: syncTimeoutMs, unusableTimeoutMs, now: now() })) return
  const error = passingError(wait)
  if (!error) return
  if (hasKey) throw error.told
  if (!(await requests.giveUp({ id, error: error.kept, unbegun: error.unbegun }))) return
  onceDelivered(context, reply, { id })
  throw error.told
}

/** Of the time between two previews: so much passes before the first, which shows little more than noise at the very beginning. */
const BEFORE_FIRST = 0.2

/**
 * Spreads so many previews over the work: of two, one is sent after a tenth of the steps, one past the middle. Agents show few of
 * quick work, so that one which is passed over may have been the last.
 */
function choosePreviews(most: number) {
  let taken = 0
  let share: number | undefined
  return {
    noteProgress: ({ step, steps }: Extract<LiveEvent, { type: 'progress' }>) => {
      share = steps > 0 ? step / steps : undefined
    },
    /** Whether the preview that has come is one of them. One of work whose steps nobody tells is. */
    takes: (): boolean => {
      if (taken >= most || (share !== undefined && share < (taken + BEFORE_FIRST) / (most + BEFORE_FIRST))) return false
      taken += 1
      return true
    }
  }
}
