import { DAY_MS } from '../lib/durations.ts'
import { setImmediate } from 'node:timers/promises'
import { createSpaceInUse } from '../assets/space-in-use.ts'
import type { SystemState } from '../http/dashboard/contract/admin.ts'
import { toError } from '../lib/async.ts'
import { VERSION } from '../lib/version.ts'
import type { Context } from './context.ts'
import type { DiskRoom } from './disk-room.ts'
import type { EventLoopDelay } from './event-loop-delay.ts'
import { findProblems, LONG_WAIT_MS } from './find-problems.ts'
import type { StorageSweeper } from './storage-sweeper.ts'

export interface SystemStateParts extends Pick<
  Context,
  | 'database'
  | 'store'
  | 'assetStore'
  | 'unreadable'
  | 'marker'
  | 'requests'
  | 'requestViews'
  | 'providers'
  | 'webhooks'
  | 'registry'
> {
  eventLoop: Pick<EventLoopDelay, 'read'>
  /** Throws what stands in the way of serving requests. */
  checkReady: () => Promise<void>
  diskRoom: Pick<DiskRoom, 'isShort'>
  sweeper: Pick<StorageSweeper, 'quarantine'>
}

/** How the server is doing, read when it is asked for. */
export function createSystemState(parts: SystemStateParts): () => Promise<SystemState> {
  const { database, store, assetStore, requestViews, webhooks, registry } = parts
  const { clock } = database
  const startedAt = clock.now()
  const spaceInUse = createSpaceInUse({ rows: assetStore, clock })

  return async () => {
    const now = clock.now()
    // Each takes milliseconds when a hundred thousand images wait: others get a turn in between.
    const { queued, running } = await requestViews.countUnfinished()
    const oldestWaitingAt = (await requestViews.findOldestWaiting()) ?? null
    await setImmediate()
    const strandedModels = await listStranded(parts, now)
    await setImmediate()
    const { rss, heapUsed } = process.memoryUsage()
    const { meanMs, p99Ms } = parts.eventLoop.read()
    const state = {
      version: VERSION,
      startedAt,
      queue: {
        waiting: queued,
        running,
        oldestWaitingAt
      },
      eventLoop: { meanMs, p99Ms },
      memory: { rss, heapUsed },
      database: { bytes: await database.size(), pingMs: await ping(database) },
      storage: {
        ...(await spaceInUse()),
        quarantine: parts.sweeper.quarantine(),
        freeBytes: await store.freeBytes()
      },
      agentsOnline: registry.sessions().length
    }
    const problems = findProblems({
      state,
      notReady: await problemOf(parts.checkReady),
      isDiskShort: parts.diskRoom.isShort(),
      unreadable: parts.unreadable.summary(),
      strandedModels,
      webhooksGivenUp: await webhooks.countGivenUp(now - DAY_MS),
      ...parts.marker.failures(),
      clockHoldMs: await parts.requests.readClockHoldMs()
    })
    return { ...state, problems }
  }
}

/** Milliseconds that the smallest question takes, with the wait for its turn. */
async function ping({ db }: Context['database']): Promise<number> {
  const began = performance.now()
  await db.selectFrom('users').select('id').limit(1).execute()
  return Math.round((performance.now() - began) * 100) / 100
}

async function problemOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    return toError(error).message.replace(/\.$/, '')
  }
}

async function listStranded({ requestViews, providers }: SystemStateParts, now: number): Promise<string[]> {
  const waitedFor = await requestViews.listModelsWaitedFor(now - LONG_WAIT_MS)
  if (waitedFor.length === 0) return []
  const online = new Set((await providers.listOffers({ seenSince: now })).map(({ model }) => model))
  return waitedFor.filter((model) => !online.has(model))
}
