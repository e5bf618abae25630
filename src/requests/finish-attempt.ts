import { lockProvider, lockRequest } from '../db/locks.ts'
import { factColumns, type StoredFacts } from '../assets/stored-facts.ts'
import type { Trx } from '../db/database.ts'
import { inBackground } from '../lib/async.ts'
import { gather } from '../lib/gather.ts'
import type { ImageReport } from '../images/image-report.ts'
import { workOf } from '../providers/image-cost.ts'
import { type AttemptRow, succeedAttempt } from './attempt-store.ts'
import { finishRequest } from './finish-request.ts'
import type { RequestParts } from './request-parts.ts'
import { insertAssets } from './request-store.ts'
import { madeBy } from './bell-hints.ts'
import { ringRequest } from './ring-request.ts'
import { changeFenced } from './task-store.ts'

/** An image whose bytes are in the store already. */
export interface DeliveredImage extends StoredFacts {
  assetId: string
  storageKey: string
  /** Null when the engine was given none. */
  seed: number | null
  warnings: readonly string[]
  generatingMs: number
  /** Sampling steps that the caller named. */
  steps?: number | undefined
  /** What its image server said of it. */
  report?: ImageReport
}

/** An attempt that its image ends. */
interface ImageEnd {
  attempt: AttemptRow
  image: DeliveredImage
}

/** Ends that share a transaction. */
const MOST_TOGETHER = 16

type Parts = Pick<RequestParts, 'database' | 'providers'>

/** `finishAttempts` of all that end in the same turn of the event loop: most of what each writes is on the same pages. */
export function createFinishAttempt(parts: Parts): (attempt: AttemptRow, image: DeliveredImage) => Promise<boolean> {
  const finish = gather((ends: readonly ImageEnd[]) => finishAttempts(parts, ends), MOST_TOGETHER)
  return (attempt, image) => finish({ attempt, image })
}

/**
 * Ends attempts with their images: attempt, task, request, asset and (by a trigger) usage of each in one transaction, fenced by
 * the task's current attempt. False when the task is no longer this attempt's: nothing was written, the bytes are not wanted.
 * Where one fails, the others are ended without it.
 */
async function finishAttempts(parts: Parts, ends: readonly ImageEnd[]): Promise<PromiseSettledResult<boolean>[]> {
  let isCommitting = false
  try {
    return (await finishTogether(parts, ends, () => (isCommitting = true))).map((value) => ({
      status: 'fulfilled',
      value
    }))
  } catch (error) {
    // What became of a commit that failed is not known everywhere.
    if (ends.length === 1 || isCommitting) throw error
    return Promise.allSettled(ends.map(async (end) => (await finishTogether(parts, [end]))[0] ?? false))
  }
}

async function finishTogether(
  { database, providers }: Parts,
  ends: readonly ImageEnd[],
  onCommit?: () => void
): Promise<boolean[]> {
  const now = database.clock.now()
  const finished = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, ...ends.map(({ attempt }) => attempt.provider_id))
    await lockRequest(trx, ...ends.map(({ attempt }) => attempt.request_id))
    const ended: (Finished | undefined)[] = []
    for (const end of ends) ended.push(await finish(trx, end, { providers, now }))
    onCommit?.()
    return ended
  })
  // Those who are told wait for the disk, which begins while they look. It stops the process where it fails.
  inBackground(database.durable(), () => undefined)
  for (const [index, { attempt }] of ends.entries()) {
    const ended = finished[index]
    if (!ended) continue
    ringRequest(database.bell, { id: attempt.request_id, userId: ended.userId, hint: madeBy(attempt.id) })
    if (ended.hasWebhook) database.bell.ring('webhooks')
  }
  return finished.map((ended) => ended !== undefined)
}

interface Finished {
  userId: string
  hasWebhook: boolean
}

async function finish(
  trx: Trx,
  { attempt, image }: ImageEnd,
  { providers, now }: Pick<RequestParts, 'providers'> & { now: number }
): Promise<Finished | undefined> {
  const change = {
    state: 'succeeded' as const,
    asset_id: image.assetId,
    // A task keeps the seed that was drawn for it, should it ever be repeated.
    ...(image.seed !== null && { seed: image.seed }),
    warnings: JSON.stringify(image.warnings),
    report: reportColumn(image.report),
    finished_at: now
  }
  const task = await changeFenced(trx, { taskId: attempt.task_id, attemptId: attempt.id }, change)
  if (!task) return undefined
  const delivered = {
    attemptId: attempt.id,
    serviceId: attempt.service_id,
    providerId: attempt.provider_id,
    userId: task.user_id,
    model: task.model,
    tookMs: now - attempt.assigned_at,
    work: workOf({ size: image, steps: image.steps }),
    toldSteps: attempt.progressed_at !== null,
    now
  }
  const { isNews } = await succeedAttempt(trx, { delivered, generatingMs: image.generatingMs })
  await insertAssets(trx, [
    {
      id: image.assetId,
      owner_id: task.user_id,
      request_id: task.request_id,
      kind: 'output',
      position: task.position,
      storage_key: image.storageKey,
      ...factColumns(image),
      seed: image.seed,
      created_at: now
    }
  ])
  if (isNews) await providers.noteNews(trx, delivered)
  await providers.notePace(trx, delivered)
  const ended = await finishRequest(trx, task.request_id, { state: 'succeeded', finishedAt: now })
  return { userId: task.user_id, hasWebhook: ended !== undefined && ended.webhook_url !== null }
}

/** The report as JSON for its column; null when it says nothing. */
const reportColumn = (report: ImageReport = {}): string | null =>
  Object.keys(report).length === 0 ? null : JSON.stringify(report)
