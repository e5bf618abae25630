import { lockProvider, lockRequest } from '../db/locks.ts'
import { factColumns, type StoredFacts } from '../assets/stored-facts.ts'
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

/**
 * Ends an attempt with its image: attempt, task, request, asset and (by a trigger) usage in one transaction, fenced by the
 * task's current attempt. False when the task is no longer this attempt's: nothing was written, the bytes are not wanted.
 */
export async function finishAttempt(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  attempt: AttemptRow,
  image: DeliveredImage
): Promise<boolean> {
  const now = database.clock.now()
  const finished = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, attempt.provider_id)
    await lockRequest(trx, attempt.request_id)
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
  })
  if (!finished) return false
  ringRequest(database.bell, { id: attempt.request_id, userId: finished.userId, hint: madeBy(attempt.id) })
  if (finished.hasWebhook) database.bell.ring('webhooks')
  return true
}

/** The report as JSON for its column; null when it says nothing. */
const reportColumn = (report: ImageReport = {}): string | null =>
  Object.keys(report).length === 0 ? null : JSON.stringify(report)
