import { fdatasync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { sleep } from '../../src/lib/async.ts'
import { waitFor } from './wait-for.ts'

const reallySync = promisify(fdatasync)
/** A reply that does not wait for the disk would be here long before. */
const LONG_ENOUGH_MS = 200

/** A disk that can be made to keep nothing for a while. */
export interface HeldDisk {
  /** How many syncs have begun and not ended. */
  waiting: number
  /** From now on syncs begin and do not end. */
  hold(): void
  release(): void
  sync(fd: number): Promise<void>
  /** Waits until something is to be kept, and longer; fails when the answer has come all the same. */
  expectHeldBack(watched: { answered: boolean }): Promise<void>
}

export function createHeldDisk(): HeldDisk {
  let held: PromiseWithResolvers<undefined> | undefined
  const disk: HeldDisk = {
    waiting: 0,
    hold: () => {
      held = Promise.withResolvers()
    },
    release: () => {
      held?.resolve(undefined)
      held = undefined
    },
    sync: async (fd) => {
      disk.waiting += 1
      await held?.promise
      disk.waiting -= 1
      await reallySync(fd)
    },
    expectHeldBack: async (watched) => {
      await waitFor(() => disk.waiting > 0)
      await sleep(LONG_ENOUGH_MS)
      expect(watched.answered).toBe(false)
    }
  }
  return disk
}

/** Whether the answer has come yet; an answer is what leaves the gateway, its first byte included. */
export function watch<T>(answer: Promise<T>): { answered: boolean; answer: Promise<T> } {
  const watched = { answered: false, answer }
  const note = () => void (watched.answered = true)
  answer.then(note, note)
  return watched
}
