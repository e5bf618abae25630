import { setImmediate } from 'node:timers/promises'
import { estimateSeconds, secondsLeft, wholeSeconds } from './estimate-seconds.ts'
import { type AskedImage, likelySeconds, listMadeImages, type MadeImage } from './like-images-store.ts'
import { isUnusable } from '../providers/pause-store.ts'
import { countGoingBefore, countOwnAhead } from './count-going-before.ts'
import { findRoom, type Room } from './find-room.ts'
import { findTakers, type Takers } from './find-takers.ts'
import type { Wait } from './wait-of-held.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded, type RequestState } from '../requests/request-states.ts'
import type { TaskRow } from '../requests/task-store.ts'
import { type ImageUnderWay, listUnderWay } from './under-way-store.ts'
import { type RequestView, viewRequests } from './view-request.ts'
import type { SummaryView } from './view-summaries.ts'

export interface QueueOutlook {
  /** Of its first waiting image; 1 is next. Absent when none waits. */
  position?: number
  /** Until its last image is done. Absent when no image like these was made yet, nobody may make it now, or it takes longer than they did. */
  etaSeconds?: number
  /** What is made, of it or before it, takes longer than like images did: nobody knows when it is done. */
  isOverdue?: true
  /** When that was reckoned, UTC milliseconds; there with it. */
  toldAt?: number
  /** Why its first waiting image waits, when nobody may begin it now. */
  wait?: Wait
}

/** As much of a request as its state as people are shown it follows from. */
interface Begun {
  request: Pick<RequestView['request'], 'state'>
  tasks: readonly { state: string }[]
}

/**
 * The state of a request as people are shown it. It runs while an image of it is made, and between two of its images. Otherwise it
 * waits, whatever has been tried before: while none has ended, as when its only one was taken back out of a queue or was lost with a
 * machine, and while nobody may go on with the next, as when its image server died.
 */
export function shownState(begun: Begun, outlook: QueueOutlook | undefined): RequestState {
  const waits = isIdle(begun) && (outlook?.wait !== undefined || !hasDone(begun.tasks))
  return waits ? 'queued' : begun.request.state
}

/** What may be stored of requests that are shown in one of these states: those that wait may have been begun. */
export const storedAs = (states: readonly RequestState[]): readonly RequestState[] =>
  states.includes('queued') ? [...new Set([...states, 'running' as const])] : states

/** Whether it was begun and nobody makes an image of it at the moment. */
export const isIdle = ({ request, tasks }: Begun): boolean =>
  request.state === 'running' && !tasks.some(({ state }) => state === 'running')

/** Whether any of these images was made, or has failed for good. */
export const hasDone = (tasks: Begun['tasks']): boolean => tasks.some(({ state }) => hasEnded(state))

/** The outlooks of requests of which a list shows only the summary. */
export async function outlooksOfSummaries(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  views: readonly SummaryView[]
): Promise<Map<string, QueueOutlook>> {
  const unfinished = views.filter(({ request }) => !hasEnded(request.state))
  return queueOutlooks(
    parts,
    await viewRequests(
      parts,
      unfinished.map(({ request }) => request.id)
    )
  )
}

/**
 * Where requests that have not ended stand in the queue and when they may be done, by request id: from what like images took
 * each online service that could make theirs.
 */
export async function queueOutlooks(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  views: readonly RequestView[]
): Promise<Map<string, QueueOutlook>> {
  const { db, clock } = parts.database
  const outlooks = new Map<string, QueueOutlook>()
  const unfinished = views.filter(({ request }) => !hasEnded(request.state))
  const anyWaits = unfinished.some((view) => firstWaiting(view).length > 0)
  const underWay = anyWaits ? await listUnderWay(db) : new Map<string, ImageUnderWay[]>()
  for (const [model, same] of Map.groupBy(unfinished, ({ request }) => request.model)) {
    // A long queue takes milliseconds to count: others get a turn between one and the next.
    if (outlooks.size > 0) await setImmediate()
    const tasks = same.flatMap(firstWaiting)
    const takers = await findTakers(parts, { model, tasks })
    const ahead = await countGoingBefore(db, { model, tasks, takers })
    const made = await listMadeImages(db, model)
    const now = clock.now()
    const open = [...takers.values()].flatMap((those) => those.open)
    const room = await findRoom(db, open, { now, offering: parts.providers.offering })
    const ownAhead = await countOwnAhead(db, { model, tasks, takers, room })
    const stopped = await findStopped(parts, { model, views: same, now })
    const queue = { ahead, ownAhead, made, takers, room, stopped, underWay: withUsual(underWay, { model, made }), now }
    for (const view of same) outlooks.set(view.request.id, outlookOf(view, queue))
  }
  return outlooks
}

interface QueueOfModel {
  /** By the waiting task's id. */
  ahead: ReadonlyMap<string, number>
  /** The same of images of whoever waits themselves, where it matters how many these are. */
  ownAhead: ReadonlyMap<string, number>
  made: readonly MadeImage[]
  takers: ReadonlyMap<string, Takers>
  room: Room
  /** Services that make an image of these requests and whose image servers cannot be used now: nobody knows when it is done. */
  stopped: ReadonlySet<string>
  /** By service. */
  underWay: ReadonlyMap<string, readonly UsualImage[]>
  now: number
}

interface UsualImage extends ImageUnderWay {
  /** Seconds that like images took its service; undefined of those of other models, and of those that nobody has made before. */
  usual: number | undefined
}

/** Reckoned once for all who wait behind them. */
const withUsual = (
  underWay: ReadonlyMap<string, readonly ImageUnderWay[]>,
  { model, made }: { model: string; made: readonly MadeImage[] }
): Map<string, UsualImage[]> =>
  new Map(
    [...underWay].map(([serviceId, images]) => [
      serviceId,
      images.map((image) => ({
        ...image,
        usual: image.model === model ? secondsByService(image, made)?.(serviceId) : undefined
      }))
    ])
  )

function outlookOf(view: RequestView, queue: QueueOfModel): QueueOutlook {
  const { ahead, ownAhead, made, takers, room, stopped, underWay, now } = queue
  const [first] = firstWaiting(view)
  const secondsAt = secondsByService(askedBy(view), made)
  const own = secondsAt ? ownSecondsLeft(view, { secondsAt, stopped, now }) : []
  if (!first) return own.length > 0 ? tellEstimate(slowestOf(own), now) : {}
  const before = ahead.get(first.id) ?? 0
  const position = before + 1
  const { open = [], wait } = takers.get(first.id) ?? {}
  if (wait) return { position, wait }
  if (!secondsAt || open.length === 0) return { position }
  const waiting = view.tasks.filter((task) => task.state === 'queued')
  const images = waiting.length
  // The last of them waits until the hour has moved on. What is held ready has its place within all limits already.
  const wanted = waiting.filter(({ held }) => held === 0).length
  const going = { ahead: before, ownAhead: ownAhead.get(first.id) ?? 0 }
  if (!room.isEnough(open, { userId: view.request.user_id, images: wanted, ...going })) return { position }
  const seconds = estimateSeconds({
    services: open.map(({ serviceId, concurrency }) => ({
      slots: concurrency,
      secondsPerImage: secondsAt(serviceId),
      underWay: (underWay.get(serviceId) ?? []).map((image) =>
        secondsLeft(image, { seconds: image.usual ?? secondsAt(serviceId), now })
      )
    })),
    ahead: before,
    images
  })
  return { position, ...tellEstimate(slowestOf([seconds, ...own]), now) }
}

const tellEstimate = (seconds: number | undefined, now: number): QueueOutlook =>
  seconds === undefined ? { isOverdue: true } : { etaSeconds: wholeSeconds(seconds), toldAt: now }

/** Undefined when it is of any of them. */
const slowestOf = (seconds: readonly (number | undefined)[]): number | undefined =>
  seconds.reduce((most, one) => (most === undefined || one === undefined ? undefined : Math.max(most, one)), 0)

/** Seconds until each image of a request is done that is being made. */
function ownSecondsLeft(
  view: RequestView,
  { secondsAt, stopped, now }: { secondsAt: (serviceId: string) => number; stopped: ReadonlySet<string>; now: number }
): (number | undefined)[] {
  const current = new Set(view.tasks.map((task) => task.current_attempt_id))
  return view.attempts
    .filter((attempt) => attempt.state === 'running' && current.has(attempt.id))
    .map(({ service_id, progress, assigned_at: since, progressed_at: firstStepAt }) =>
      stopped.has(service_id)
        ? undefined
        : secondsLeft({ progress, since, firstStepAt }, { seconds: secondsAt(service_id), now })
    )
}

/** Nothing is asked where none of these requests has an image that is being made. */
async function findStopped(
  { providers }: Pick<RequestParts, 'providers'>,
  { model, views, now }: { model: string; views: readonly RequestView[]; now: number }
): Promise<Set<string>> {
  if (!views.some(({ attempts }) => attempts.some(({ state }) => state === 'running'))) return new Set()
  const offers = await providers.listOffers({ seenSince: now, model })
  return new Set(offers.filter((offer) => isUnusable(offer, now)).map(({ serviceId }) => serviceId))
}

const firstWaiting = ({ tasks }: RequestView): TaskRow[] => tasks.filter((task) => task.state === 'queued').slice(0, 1)

const askedBy = ({ request, parameters }: RequestView): AskedImage => ({
  requestId: request.id,
  kind: request.kind,
  parameters
})

/**
 * Seconds for such an image by service: of one that has made none like it, what they take on average. Undefined when nobody
 * has.
 */
function secondsByService(asked: AskedImage, made: readonly MadeImage[]): ((serviceId: string) => number) | undefined {
  const known = likelySeconds(made, asked)
  if (known.size === 0) return undefined
  const usual = [...known.values()].reduce((sum, seconds) => sum + seconds, 0) / known.size
  return (serviceId) => known.get(serviceId) ?? usual
}
