import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { AssetStore } from './asset-store.ts'

/** Images by kind, each with its bytes, shared or not; masks are inputs, thumbnails come on top. */
export interface SpaceInUse {
  outputs: { images: number; bytes: number }
  inputs: { images: number; bytes: number }
}

/** A slice takes a millisecond or two. */
const ROWS_AT_A_TIME = 5000
const REMEMBERED_MS = 60_000

/**
 * Tells how much the stored images take, as of at most a minute ago: a million rows are counted in slices, others getting
 * a turn in between, and once however many ask.
 */
export function createSpaceInUse(parts: {
  rows: Pick<AssetStore, 'sumSlice'>
  clock: Clock
  atATime?: number
}): () => Promise<SpaceInUse> {
  const { rows, clock, atATime = ROWS_AT_A_TIME } = parts
  let known: { at: number; counted: Promise<SpaceInUse> } | undefined
  const count = async (): Promise<SpaceInUse> => {
    const space = { outputs: { images: 0, bytes: 0 }, inputs: { images: 0, bytes: 0 } }
    let afterRequest = ''
    for (;;) {
      const slice = await rows.sumSlice({ afterRequest, rows: atATime })
      if (!slice) return space
      for (const { kind, images, bytes } of slice.kinds) {
        const sum = kind === 'output' ? space.outputs : space.inputs
        sum.images += images
        sum.bytes += bytes
      }
      afterRequest = slice.lastRequest
      await setImmediate()
    }
  }
  return () => {
    if (known && clock.now() - known.at < REMEMBERED_MS) return known.counted
    const counted = count()
    const begun = { at: clock.now(), counted }
    known = begun
    counted.catch(() => {
      if (known === begun) known = undefined
    })
    return counted
  }
}
