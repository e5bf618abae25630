import { secondsPerMegapixel } from '../usage/usage-store.ts'
import type { RequestParts } from './request-parts.ts'
import { countAhead, type TaskRow } from './task-store.ts'

export interface QueueOutlook {
  /** 1 is next. */
  position: number
  /** Absent when nothing of this model has been measured yet, or nobody online has it. */
  etaSeconds?: number
}

/** Side of the image assumed when the engine chooses the size. */
const USUAL_SIDE = 1024

/**
 * Where the first waiting image of a request stands, and when its last one may be finished: from the measured seconds
 * per megapixel of the model and the slots that are online for it.
 */
export async function queueOutlook(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  waiting: { tasks: readonly TaskRow[]; size: { width: number; height: number } | undefined }
): Promise<QueueOutlook | undefined> {
  const queued = waiting.tasks.filter((task) => task.state === 'queued')
  const [first] = queued
  if (!first) return undefined
  const ahead = await countAhead(database.db, first)
  const position = ahead + 1
  const pace = await secondsPerMegapixel(database.db, first.model)
  const slots = await providers.countSlots({ model: first.model, seenSince: database.clock.now() })
  if (pace === undefined || slots === 0) return { position }
  const { width, height } = waiting.size ?? { width: USUAL_SIDE, height: USUAL_SIDE }
  const rounds = Math.ceil((ahead + queued.length) / slots)
  return { position, etaSeconds: Math.max(1, Math.ceil(rounds * pace * ((width * height) / 1e6))) }
}
