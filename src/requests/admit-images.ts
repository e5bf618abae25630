import type { Trx } from '../db/database.ts'
import { lockPerson, lockQueue, lockRequest } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import type { MeasuredService } from '../providers/image-cost.ts'
import { requireWebhookRoom } from '../usage/budgets.ts'
import { reserveImages } from '../usage/reserve-images.ts'
import { countTaken } from '../usage/unfinished-store.ts'
import { createOnce, type Once } from './create-once.ts'
import { countPendingWebhooks } from './outbox-store.ts'
import type { RequestParts } from './request-parts.ts'
import { queuedFor } from './bell-hints.ts'
import { requireRoomFor, requireStorageRoom } from './require-storage-room.ts'
import { ringRequest } from './ring-request.ts'
import { type SharedInputs, shareInputs } from './share-inputs.ts'
import type { RequestInput } from './submission.ts'

/** A call that adds images to the queue, whether it submits them or tries them again. */
export interface Admission {
  principal: Principal
  /** Its idempotency key, if it has one, with what the call means. */
  once: Omit<Once, 'userId'> | undefined
  /** All images that its requests begin with. */
  inputs: readonly RequestInput[]
  /** Models of its images, each once. */
  models: readonly string[]
  /** The request that is queued again. */
  reopens?: string
  /** Throws when nobody can do it; not asked of a call that repeats one. */
  check(): Promise<void>
  /** Called in the transaction that queues the images, when it has its locks. */
  open(trx: Trx): Promise<Opened>
}

/** By what images of each model cost. */
export type Measured = ReadonlyMap<string, readonly MeasuredService[]>

interface Opened extends Wanted {
  /** Writes them; asked when there is room for them. */
  queue(place: { shared: SharedInputs; measured: Measured; now: number }): Promise<Queued>
}

interface Wanted {
  images: number
  /** How many webhooks will tell of their ends. */
  webhooks: number
}

interface Queued {
  /** The id of what the caller gets, and gets again with the same key. */
  id: string
  /** The requests of the images. */
  requestIds: readonly string[]
}

/**
 * The one way by which images get into the queue: once per idempotency key, within the budgets and quotas of their owner
 * and the size of the queue, in one transaction, after which the dispatcher and whoever watches are woken.
 * A call that repeats one of the same key and meaning changes nothing (`repeated`), and may name what has been deleted since.
 * Throws `queue_full`, `insufficient_quota`, `idempotency_mismatch`, and what `check` and `open` throw; nothing is kept then.
 */
export async function admitImages(
  parts: Pick<RequestParts, 'database' | 'assets' | 'limits' | 'providers'>,
  { principal, once, inputs, models, reopens, check, open }: Admission
): Promise<{ id: string; repeated: boolean }> {
  const { database, limits, providers } = parts
  const { userId } = principal
  let requestIds: readonly string[] = []
  const admitted = await createOnce(parts, once && { ...once, userId }, async (bind) => {
    await check()
    const measured = new Map<string, MeasuredService[]>()
    for (const model of models) measured.set(model, await providers.listMeasured(model))
    const shared = await shareInputs(parts, { ownerId: userId, inputs })
    const id = await database.db.transaction().execute(async (trx) => {
      await lockPerson(trx, userId)
      if (reopens !== undefined) await lockRequest(trx, reopens)
      await lockQueue(trx)
      const opened = await open(trx)
      await requireRoom(trx, opened, { parts, principal })
      const queued = await opened.queue({ shared, measured, now: database.clock.now() })
      requestIds = queued.requestIds
      await bind(trx, queued.id)
      // Once more, now that they are counted.
      if (inputs.length > 0) await requireStorageRoom(trx, { limits, userId })
      return queued.id
    })
    await shared.discardSpare()
    return id
  })
  if (!admitted.repeated) {
    for (const model of models) database.bell.ring('tasks', queuedFor(model))
    for (const id of requestIds) ringRequest(database.bell, { id, userId })
  }
  return admitted
}

/**
 * Makes sure that so many images more may be queued, and so many webhooks more be sent when they are done. Called in the
 * transaction that queues them, which has locked the person and the queue: callers who come together cannot pass a limit
 * together. Throws `queue_full` and `insufficient_quota`.
 */
async function requireRoom(
  trx: Trx,
  { images, webhooks }: Wanted,
  { parts, principal }: { parts: Pick<RequestParts, 'database' | 'limits'>; principal: Principal }
): Promise<void> {
  const { queuePerUser, queueTotal } = parts.limits
  const { own, all, storedBytes } = await countTaken(trx, principal.userId)
  if (own + images > queuePerUser) {
    throw errors.queueFull(
      `You have ${own} images waiting or running, and at most ${queuePerUser} are allowed. Wait for some to finish.`
    )
  }
  if (all + images > queueTotal) throw errors.queueFull('The queue of this server is full. Try again in a while.')
  requireRoomFor(storedBytes, parts.limits)
  if (webhooks > 0) {
    const pending = await countPendingWebhooks(trx, principal.userId)
    requireWebhookRoom(parts.limits, { pending, more: webhooks })
  }
  await reserveImages(trx, { principal, images, now: parts.database.clock.now() })
}
