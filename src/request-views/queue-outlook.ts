import { setImmediate } from 'node:timers/promises'
import { estimateSeconds, wholeSeconds } from './estimate-seconds.ts'
import { likelySeconds, listMadeImages, type MadeImage } from './like-images-store.ts'
import { countAhead } from './queue-length-store.ts'
import { findTakers, type Takers, type Wait } from './find-takers.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded, type RequestState } from '../requests/request-states.ts'
import type { TaskRow } from '../requests/task-store.ts'
import { type RequestView, viewRequests } from './view-request.ts'
import type { SummaryView } from './view-summaries.ts'

export interface QueueOutlook {
  /** Of its first waiting image; 1 is next. Absent when none waits. */
  position?: number
  /** Until its last image is done. Absent when no image like these was made yet, or nobody may make it now. */
  etaSeconds?: number
  /** When that was reckoned, UTC milliseconds; there with it. */
  toldAt?: number
  /** Why its first waiting image waits, when nobody may begin it now. */
  wait?: Wait
}

/**
 * The state of a request as people are shown it: one that was begun waits like any other while nobody makes an image of it and
 * nobody may, as when its image server died.
 */
export function shownState(
  { request, tasks }: { request: Pick<RequestView['request'], 'state'>; tasks: readonly { state: string }[] },
  outlook: QueueOutlook | undefined
): RequestState {
  return outlook?.wait !== undefined && isIdle({ request, tasks }) ? 'queued' : request.state
}

/** What may be stored of requests that are shown in one of these states: those that wait may have been begun. */
export const storedAs = (states: readonly RequestState[]): readonly RequestState[] =>
  states.includes('queued') ? [...new Set([...states, 'running' as const])] : states

/** Whether it was begun and nobody makes an image of it at the moment. */
export const isIdle = ({
  request,
  tasks
}: {
  request: Pick<RequestView['request'], 'state'>
  tasks: readonly { state: string }[]
}): boolean => request.state === 'running' && !tasks.some(({ state }) => state === 'running')

/** The outlooks of requests of which a list shows only the summary. */
export async function outlooksOfSummaries(
  parts: Pick<RequestParts, 'database' | 'providers'>,
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
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  views: readonly RequestView[]
): Promise<Map<string, QueueOutlook>> {
  const { db, clock } = database
  const outlooks = new Map<string, QueueOutlook>()
  const unfinished = views.filter(({ request }) => !hasEnded(request.state))
  for (const [model, same] of Map.groupBy(unfinished, ({ request }) => request.model)) {
    // A long queue takes milliseconds to count: others get a turn between one and the next.
    if (outlooks.size > 0) await setImmediate()
    const ahead = await countAhead(db, model, same.flatMap(firstWaiting))
    const made = await listMadeImages(db, model)
    const takers = await findTakers({ database, providers }, { model, tasks: same.flatMap(firstWaiting) })
    for (const view of same) outlooks.set(view.request.id, outlookOf(view, { ahead, made, takers, now: clock.now() }))
  }
  return outlooks
}

function outlookOf(
  view: RequestView,
  queue: {
    ahead: ReadonlyMap<string, number>
    made: readonly MadeImage[]
    takers: ReadonlyMap<string, Takers>
    now: number
  }
): QueueOutlook {
  const { ahead, made, takers, now } = queue
  const [first] = firstWaiting(view)
  const secondsAt = secondsByService(view, made)
  if (!first) return secondsAt ? { etaSeconds: secondsLeft(view, secondsAt), toldAt: now } : {}
  const before = ahead.get(first.id) ?? 0
  const position = before + 1
  const { open = [], wait } = takers.get(first.id) ?? {}
  if (wait) return { position, wait }
  if (!secondsAt) return { position }
  const etaSeconds = estimateSeconds({
    services: open.map(({ serviceId, concurrency }) => ({
      slots: concurrency,
      secondsPerImage: secondsAt(serviceId)
    })),
    ahead: before,
    images: view.tasks.filter((task) => task.state === 'queued').length
  })
  return { position, ...(etaSeconds !== undefined && { etaSeconds, toldAt: now }) }
}

/**
 * Seconds until the slowest image of a request is done when all of them run, by the last step that each has reported.
 */
function secondsLeft(view: RequestView, secondsAt: (serviceId: string) => number): number {
  const current = new Set(view.tasks.map((task) => task.current_attempt_id))
  const running = view.attempts.filter((attempt) => attempt.state === 'running' && current.has(attempt.id))
  const seconds = running.map(({ service_id, progress }) => secondsAt(service_id) * (1 - progress / 100))
  return wholeSeconds(Math.max(0, ...seconds))
}

const firstWaiting = ({ tasks }: RequestView): TaskRow[] => tasks.filter((task) => task.state === 'queued').slice(0, 1)

/**
 * Seconds for one of these images by service: of one that has made none like it, what they take on average. Undefined when nobody
 * has.
 */
function secondsByService(
  { request, parameters }: RequestView,
  made: readonly MadeImage[]
): ((serviceId: string) => number) | undefined {
  const known = likelySeconds(made, { requestId: request.id, kind: request.kind, parameters })
  if (known.size === 0) return undefined
  const usual = [...known.values()].reduce((sum, seconds) => sum + seconds, 0) / known.size
  return (serviceId) => known.get(serviceId) ?? usual
}
