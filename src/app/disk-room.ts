import { type Loop, startLoop } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'

const LOOK_EVERY_MS = 1000
/** While nobody asks and nothing is made: each look wakes the process, and threads that ask the disks. */
const IDLE_LOOK_EVERY_MS = 10_000
/** So much more than the reserve has to be free before work is taken again, or it would come and go with each image. */
const MORE_TO_RECOVER = 1.1

/** Whether the disks have room for what new work would store. */
export interface DiskRoom {
  isShort(): boolean
  /** Throws `storage_unavailable` while it is. */
  require(): void
  /** Of the disk that has least; null when that cannot be told. */
  freeBytes(): number | null
  close(): Promise<void>
}

export interface DiskRoomParts {
  /** Bytes free where something is stored; null where that cannot be told. */
  places: readonly (() => Promise<number | null>)[]
  /** Below it new work is refused; 0 refuses none. */
  reserveBytes: number
  /** Whether anything is being made that will be stored. */
  isBusy: () => boolean
  /** Called when there is room again. */
  onRoom: () => void
  logger: Logger
}

/**
 * Looks once a second, or less often while nothing asks for room, so that no call waits for a disk that hangs: who asks first
 * after a while is answered with what was found last, and has it looked anew. What has begun may use the reserve: its images, and the
 * log of the database, still have to be stored. Resolves after the first look.
 */
export async function watchDiskRoom({
  places,
  reserveBytes,
  isBusy,
  onRoom,
  logger
}: DiskRoomParts): Promise<DiskRoom> {
  let free: number | null = null
  let short = false
  let isAsked = false
  let lookedAt = performance.now()

  const look = async () => {
    lookedAt = performance.now()
    const each = (await Promise.all(places.map((freeBytes) => freeBytes()))).filter((bytes) => bytes !== null)
    // What cannot be told changes nothing.
    if (each.length === 0) return
    free = Math.min(...each)
    const wasShort = short
    short = free < (wasShort ? reserveBytes * MORE_TO_RECOVER : reserveBytes)
    if (short === wasShort) return
    if (short) logger.error({ freeBytes: free, reserveBytes }, 'too little free space: no new work until there is more')
    else {
      logger.warn({ freeBytes: free }, 'there is free space again: work goes on')
      onRoom()
    }
  }
  const onError = (error: unknown) => logger.error({ err: error }, 'the free space could not be looked at')
  await look().catch(onError)
  const loop: Loop = startLoop({
    everyMs: () => {
      const isIdle = !isAsked && !short && !isBusy()
      isAsked = false
      return isIdle ? IDLE_LOOK_EVERY_MS : LOOK_EVERY_MS
    },
    work: look,
    onError
  })
  const noteAsked = () => {
    isAsked = true
    if (performance.now() - lookedAt > 2 * LOOK_EVERY_MS) loop.wake()
  }
  return {
    isShort: () => short,
    require: () => {
      noteAsked()
      if (short) throw errors.storageFull()
    },
    freeBytes: () => {
      noteAsked()
      return free
    },
    close: () => loop.close()
  }
}
