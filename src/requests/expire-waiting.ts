import { setImmediate } from 'node:timers/promises'
import { lockRequest } from '../db/locks.ts'
import { reasonWords, type WaitReason } from '../lib/wait-reasons.ts'
import { isFirstLook, isPaused } from '../providers/pause-store.ts'
import { endRequestIfDone } from './finish-request.ts'
import type { RequestParts } from './request-parts.ts'
import { HELD } from './request-states.ts'
import { ringRequest } from './ring-request.ts'
import { isTried, type Lane, listLanes } from './runnable-store.ts'
import { servicesFor } from './services-for.ts'
import { failWaiting, listFailures, type TaskRow } from './task-store.ts'
import { type Unbegun, unbegunColumns } from './unbegun.ts'
import { listModelsWaitedFor, listWaiting } from './waiting-store.ts'
import { rankOf, reasonOfPause, whyUnserved } from './why-unbegun.ts'

const AT_A_TIME = 500
/** So many take some milliseconds. */
const FAILED_AT_ONCE = 20

/**
 * Fails tasks that have waited longer than `limits.noProviderTimeout` while no online service can take them. Tasks
 * that only wait for a busy service go on waiting, but not for one that has been left alone all that time. It is reckoned from the
 * start of this process at the earliest, before which nobody could come. Others get a turn in
 * between, for it may be all of a long queue; stops early when `signal` aborts. Returns how many failed.
 */
export async function expireWaiting(parts: RequestParts, signal?: AbortSignal): Promise<number> {
  const { database, limits } = parts
  const before = database.clock.now() - limits.noProviderTimeoutMs
  if (database.openedAt >= before) return 0
  let failed = 0
  for (const model of await listModelsWaitedFor(database.db, before)) {
    const candidates = await findCandidates(parts, { model, before })
    // Of a lane whose images may begin somewhere nothing more is read, however many there are.
    for (const lane of candidates.lanes.filter((one) => isTried(one) || candidates.leftFor(one).length === 0)) {
      let waiting: TaskRow[]
      let after: TaskRow | undefined
      do {
        waiting = await listWaiting(database.db, { lane, before, after, limit: AT_A_TIME })
        const stranded = await strandedOf(parts, { lane, waiting, candidates })
        for (let at = 0; at < stranded.length && !signal?.aborted; at += FAILED_AT_ONCE) {
          failed += await strand(parts, { model, stranded: stranded.slice(at, at + FAILED_AT_ONCE) })
          await setImmediate()
        }
        after = waiting.at(-1)
        await setImmediate()
      } while (waiting.length === AT_A_TIME && !signal?.aborted)
    }
  }
  if (failed > 0) database.bell.ring('webhooks')
  return failed
}

interface Stranded {
  task: TaskRow
  /** Why what could take it has been left alone, and where; undefined: nothing online could. */
  paused: Unbegun | undefined
}

/** Returns how many of them still waited, and have failed. */
async function strand(
  parts: RequestParts,
  { model, stranded }: { model: string; stranded: readonly Stranded[] }
): Promise<number> {
  const { database } = parts
  const now = database.clock.now()
  const unserved = stranded.flatMap(({ task, paused }) => (paused ? [] : [task]))
  const reasons = unserved.length > 0 ? await whyUnserved(parts, { model, tasks: unserved, now }) : undefined
  const failed = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, ...stranded.map(({ task }) => task.request_id))
    const failed: TaskRow[] = []
    for (const { task, paused } of stranded) {
      const unbegun: Unbegun = paused ?? reasons?.get(task.id) ?? { reason: 'away', machines: [] }
      const failure = {
        finished_at: now,
        error_code: paused ? 'upstream_busy' : 'no_provider',
        error_message: givenUpWords(model, unbegun.reason),
        ...unbegunColumns(unbegun)
      }
      if (await failWaiting(trx, task.id, failure)) failed.push(task)
    }
    for (const id of new Set(failed.map((task) => task.request_id))) await endRequestIfDone(trx, id, now)
    return failed
  })
  for (const task of failed) ringRequest(database.bell, { id: task.request_id, userId: task.user_id })
  return failed.length
}

/** What was said while it waited. */
function givenUpWords(model: string, reason: WaitReason): string {
  if (reason === 'away') return `No machine that has '${model}' came online in time.`
  const why = reasonWords(reason)
  return `No machine that has '${model}' could begin in time: ${why.charAt(0).toLowerCase()}${why.slice(1)}.`
}

interface Candidates {
  lanes: Lane[]
  /** Services online that could take what is in a lane. */
  ableFor(lane: Lane): readonly string[]
  /** Those of them that have not been left alone all that time. */
  leftFor(lane: Lane): readonly string[]
  /** Why one of them is left alone, and which provider's it is. */
  pauseOf(service: string): { reason: WaitReason; provider: string } | undefined
}

async function findCandidates(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { model, before }: { model: string; before: number }
): Promise<Candidates> {
  const now = database.clock.now()
  const offers = await providers.listOffers({ seenSince: now, model })
  const givenUp = offers.filter(
    (offer) => isPaused(offer, now) && !isFirstLook(offer, now) && (offer.pause?.since ?? now) < before
  )
  // What lies in the queue of an image server will be made there, also where nothing more may begin.
  const lanes = (await listLanes(database.db, [model])).filter(({ held }) => held !== HELD.ahead)
  const able = await servicesFor(database.db, { tasks: lanes, offers })
  const ableFor = (lane: Lane) => able.get(lane.id) ?? []
  const pauses = new Map(
    givenUp.map(({ serviceId, providerId, pause }) => [
      serviceId,
      pause && { reason: reasonOfPause(pause), provider: providerId }
    ])
  )
  return {
    lanes,
    ableFor,
    leftFor: (lane) => ableFor(lane).filter((service) => !pauses.has(service)),
    pauseOf: (service) => pauses.get(service)
  }
}

/** The tasks that no online service can take: none has what they need, or each has done the work in vain or is given up. */
async function strandedOf(
  { database }: Pick<RequestParts, 'database'>,
  { lane, waiting, candidates }: { lane: Lane; waiting: readonly TaskRow[]; candidates: Candidates }
): Promise<Stranded[]> {
  const failures = await listFailures(database.db, waiting)
  return waiting.flatMap((task) => {
    const spentOn = failures.get(task.id)?.spentOn ?? []
    const unspent = (services: readonly string[]) => services.filter((service) => !spentOn.includes(service))
    if (unspent(candidates.leftFor(lane)).length > 0) return []
    const pauses = unspent(candidates.ableFor(lane)).flatMap((service) => candidates.pauseOf(service) ?? [])
    const [first] = pauses.toSorted((a, b) => rankOf(a.reason) - rankOf(b.reason))
    const alike = pauses.filter(({ reason }) => reason === first?.reason)
    return [{ task, paused: first && { reason: first.reason, machines: alike.map(({ provider }) => provider) } }]
  })
}
