import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countPixelWork } from '../../tests/support/count-pixel-work.ts'
import { openDiskStore } from '../storage/disk-store.ts'
import { type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'
import type { AssetRow } from './asset-store.ts'
import { storageKeyOf, thumbnailKey } from './storage-keys.ts'
import { silentLogger } from '../lib/logger.ts'
import { createUnreadableBytes } from './unreadable-bytes.ts'
import { chooseThumbnail, createThumbnails, type ThumbnailKind } from './thumbnails.ts'

const KIND: ThumbnailKind = { width: 64, format: 'webp' }
const HERE = new AbortController().signal

let root: string
let store: ObjectStore
/** Rows that are there. */
let rows: Map<string, AssetRow>
/** Keys in the order in which they were opened, and stored. */
let opened: string[]
let stored: string[]
/** Awaited before an image is opened, so that a test can hold what is being made. */
let beforeOpen: (key: string) => Promise<void>
let beforePut: () => Promise<void>

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'thumbnails-'))
  rows = new Map()
  opened = []
  stored = []
  beforeOpen = beforePut = async () => undefined
  const disk = await openDiskStore(root)
  store = {
    ...disk,
    open: async (key, options) => {
      opened.push(key)
      await beforeOpen(key)
      return disk.open(key, options)
    },
    put: async (key, source, options) => {
      await beforePut()
      stored.push(key)
      return disk.put(key, source, options)
    }
  }
})
afterEach(() => rm(root, { recursive: true }))

const create = (atOnce = 2) =>
  createThumbnails({
    store,
    rows: { findAsset: async (id) => rows.get(id) },
    unreadable: createUnreadableBytes({ logger: silentLogger() }),
    atOnce
  })

let made = 0
/** A stored image with its row. */
async function addImage(bytes?: Buffer): Promise<AssetRow> {
  const id = `ast_aa${++made}`
  const size = { width: 100, height: 80 }
  const image =
    bytes ??
    (await sharp({ create: { ...size, channels: 3, background: 'red' } })
      .png()
      .toBuffer())
  const asset = { id, storage_key: storageKeyOf(id), media_type: 'image/png', ...size } as AssetRow
  await store.put(asset.storage_key, Readable.from([image]), { maxBytes: image.length })
  rows.set(id, asset)
  stored = []
  return asset
}

const keyOf = (asset: AssetRow) => thumbnailKey(asset.storage_key, KIND)
const exists = async (key: string) => (await store.stat(key)) !== undefined
/** Lets everything run that waits for nothing but its turn, the thread pool included. */
const settle = () => store.stat('images/none').then(() => new Promise((resolve) => setImmediate(resolve)))

describe('chooseThumbnail', () => {
  const png = { width: 1000, media_type: 'image/png' }

  it.each([
    [16, 64],
    [64, 64],
    [65, 128],
    [128, 128],
    [129, 256],
    [512, 512],
    // The next would be wider than the image.
    [513, 'full'],
    [1000, 'full'],
    [2048, 'full']
  ] as const)('at least %i pixels of 1000 are %s', (width, rung) => {
    expect(chooseThumbnail(png, { width })).toEqual({ width: rung, format: 'webp' })
  })

  it('an image as wide as a step is not scaled to it', () => {
    expect(chooseThumbnail({ ...png, width: 128 }, { width: 100 })).toEqual({ width: 'full', format: 'webp' })
    expect(chooseThumbnail({ ...png, width: 129 }, { width: 100 })).toEqual({ width: 128, format: 'webp' })
    expect(chooseThumbnail({ ...png, width: 4000 }, { width: 2048 })).toEqual({ width: 2048, format: 'webp' })
  })

  it('is in the format asked for, and the image itself when that is all and it has it', () => {
    expect(chooseThumbnail(png, { width: 64, format: 'png' })).toEqual({ width: 64, format: 'png' })
    expect(chooseThumbnail(png, { width: 2048, format: 'png' })).toEqual({ width: 'full', format: 'png' })
    expect(chooseThumbnail(png, { format: 'jpeg' })).toEqual({ width: 'full', format: 'jpeg' })
    expect(chooseThumbnail(png, { format: 'png' })).toBeUndefined()
    expect(chooseThumbnail(png, {})).toBeUndefined()
  })
})

describe('a thumbnail', () => {
  it('is made once, stored, and afterwards read from there, whole and in part', async () => {
    const asset = await addImage()
    const thumbnails = create()
    const first = await thumbnails.get(asset, KIND, HERE)
    const bytes = await buffer(await first.open())
    expect(bytes).toHaveLength(first.bytes)
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 64, height: 51 })

    await store.remove([asset.storage_key])
    const second = await thumbnails.get(asset, KIND, HERE)
    expect(second.bytes).toBe(bytes.length)
    expect(await buffer(await second.open())).toEqual(bytes)
    expect(await buffer(await second.open({ start: 3, end: 9 }))).toEqual(bytes.subarray(3, 10))
    expect(stored).toEqual([keyOf(asset)])
  })

  it('is made again when it has vanished', async () => {
    const asset = await addImage()
    const thumbnails = create()
    const bytes = await buffer(await (await thumbnails.get(asset, KIND, HERE)).open())
    await store.remove([keyOf(asset)])
    expect(await buffer(await (await thumbnails.get(asset, KIND, HERE)).open())).toEqual(bytes)
    expect(await exists(keyOf(asset))).toBe(true)
  })

  it('is made once for all who ask at the same time', async () => {
    const asset = await addImage()
    const thumbnails = create()
    const all = await Promise.all(Array.from({ length: 50 }, () => thumbnails.get(asset, KIND, HERE)))
    expect(opened).toEqual([asset.storage_key])
    expect(stored).toEqual([keyOf(asset)])
    expect(new Set(all.map(({ bytes }) => bytes)).size).toBe(1)
  })

  it('is shown also when the store cannot take it', async () => {
    const asset = await addImage()
    beforePut = () => Promise.reject(new StoreUnavailable('The disk refused: ENOSPC'))
    const { bytes, open } = await create().get(asset, KIND, HERE)
    const whole = await buffer(await open())
    expect(whole).toHaveLength(bytes)
    expect(await sharp(whole).metadata()).toMatchObject({ format: 'webp', width: 64 })
    expect(await buffer(await open({ start: 3, end: 9 }))).toEqual(whole.subarray(3, 10))
    expect(await exists(keyOf(asset))).toBe(false)
  })

  it('of an image that was deleted meanwhile does not stay', async () => {
    const asset = await addImage()
    beforePut = async () => void rows.delete(asset.id)
    await expect(create().get(asset, KIND, HERE)).rejects.toMatchObject({ code: 'not_found' })
    expect(stored).toEqual([keyOf(asset)])
    expect(await exists(keyOf(asset))).toBe(false)
  })

  it('of an image that does not decode is refused, and tried again the next time', async () => {
    const asset = await addImage(Buffer.from('no image at all'))
    const thumbnails = create()
    for (let i = 0; i < 2; i++) {
      await expect(thumbnails.get(asset, KIND, HERE)).rejects.toMatchObject({ code: 'invalid_image', param: null })
    }
    expect(opened).toHaveLength(2)
    expect(await exists(keyOf(asset))).toBe(false)
  })

  it('is never made of more pixels than the image had when it was taken', async () => {
    const larger = { width: 101, height: 80, channels: 3, background: 'red' } as const
    const asset = await addImage(await sharp({ create: larger }).png().toBuffer())
    await expect(create().get(asset, KIND, HERE)).rejects.toMatchObject({ code: 'invalid_image' })
  })

  it('of an image whose bytes are gone cannot be had', async () => {
    const asset = await addImage()
    await store.remove([asset.storage_key])
    await expect(create().get(asset, KIND, HERE)).rejects.toMatchObject({ code: 'storage_unavailable' })
  })
})

describe('thumbnails of many images', () => {
  it('are made so many at a time', async () => {
    const assets = await Promise.all(Array.from({ length: 8 }, () => addImage()))
    let running = 0
    let most = 0
    beforeOpen = async () => void (most = Math.max(most, ++running))
    beforePut = async () => void (running -= 1)
    const thumbnails = create(2)
    await Promise.all(assets.map((asset) => thumbnails.get(asset, KIND, HERE)))
    expect(most).toBe(2)
    expect(stored).toHaveLength(8)
  })

  it('are not made when nobody waits for them any more, and else are', async () => {
    const [held, left, wanted] = [await addImage(), await addImage(), await addImage()]
    const gate = Promise.withResolvers<void>()
    beforeOpen = (key) => (key === held.storage_key ? gate.promise : Promise.resolve())
    const thumbnails = create(1)
    const holding = thumbnails.get(held, KIND, HERE)
    await settle()
    const caller = new AbortController()
    const given = [thumbnails.get(left, KIND, caller.signal), thumbnails.get(left, KIND, caller.signal)]
    const one = thumbnails.get(wanted, KIND, caller.signal)
    const other = thumbnails.get(wanted, KIND, HERE)
    const refused = Promise.all(given.map((result) => expect(result).rejects.toMatchObject({ code: 'conflict' })))
    await settle()
    caller.abort()
    gate.resolve()
    await Promise.all([holding, one, other, refused])
    expect(opened).toEqual([held.storage_key, wanted.storage_key])

    // Who comes later finds no trace of those who left.
    await thumbnails.get(left, KIND, HERE)
    expect(await exists(keyOf(left))).toBe(true)
  })

  it('are not decoded when everybody leaves while the original is fetched', async () => {
    const [asset, other] = [await addImage(), await addImage()]
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    beforeOpen = () => {
      begun.resolve()
      return gate.promise
    }
    const thumbnails = create(1)
    const callers = [new AbortController(), new AbortController()]
    const work = await countPixelWork(async () => {
      const given = callers.map(({ signal }) => thumbnails.get(asset, KIND, signal))
      const refused = given.map((result) => expect(result).rejects.toMatchObject({ code: 'conflict' }))
      await begun.promise
      for (const caller of callers) caller.abort()
      gate.resolve()
      await Promise.all(refused)
    })
    expect(work).toBe(0)
    expect(stored).toEqual([])
    // The turn is free again, and who comes later is served.
    await Promise.all([thumbnails.get(asset, KIND, HERE), thumbnails.get(other, KIND, HERE)])
    expect(stored.toSorted()).toEqual([keyOf(asset), keyOf(other)].toSorted())
  })

  it('are decoded when one of those who asked stays', async () => {
    const asset = await addImage()
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    beforeOpen = () => {
      begun.resolve()
      return gate.promise
    }
    const thumbnails = create(1)
    const caller = new AbortController()
    const given = [thumbnails.get(asset, KIND, caller.signal), thumbnails.get(asset, KIND, HERE)]
    await begun.promise
    caller.abort()
    gate.resolve()
    await Promise.all(given)
    expect(stored).toEqual([keyOf(asset)])
  })

  it('are made when somebody comes after the others have left', async () => {
    const [held, wanted] = [await addImage(), await addImage()]
    const gate = Promise.withResolvers<void>()
    beforeOpen = (key) => (key === held.storage_key ? gate.promise : Promise.resolve())
    const thumbnails = create(1)
    const holding = thumbnails.get(held, KIND, HERE)
    await settle()
    const caller = new AbortController()
    const before = thumbnails.get(wanted, KIND, caller.signal)
    caller.abort()
    const after = thumbnails.get(wanted, KIND, HERE)
    gate.resolve()
    await Promise.all([holding, before, after])
    expect(stored).toEqual([keyOf(held), keyOf(wanted)])
  })
})

describe('closing', () => {
  const shuttingDown = { code: 'shutting_down' }

  it('waits for what is being stored, though nobody waits for it any more', async () => {
    const asset = await addImage()
    const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    beforePut = () => {
      begun.resolve()
      return gate.promise
    }
    const thumbnails = create()
    const caller = new AbortController()
    const given = thumbnails.get(asset, KIND, caller.signal)
    await begun.promise
    caller.abort()
    let isClosed = false
    const closed = thumbnails.close().then(() => (isClosed = true))
    await settle()
    expect(isClosed).toBe(false)
    gate.resolve()
    await closed
    expect(await exists(keyOf(asset))).toBe(true)
    await given
  })

  it('ends what is fetched or waits its turn, and begins nothing more', async () => {
    const [fetched, waiting, late] = [await addImage(), await addImage(), await addImage()]
    const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    beforeOpen = () => {
      begun.resolve()
      return gate.promise
    }
    const thumbnails = create(1)
    const work = await countPixelWork(async () => {
      const given = [fetched, waiting].map((asset) => thumbnails.get(asset, KIND, HERE))
      const refused = given.map((result) => expect(result).rejects.toMatchObject(shuttingDown))
      await begun.promise
      const closed = thumbnails.close()
      await expect(thumbnails.get(late, KIND, HERE)).rejects.toMatchObject(shuttingDown)
      gate.resolve()
      await Promise.all([...refused, closed])
    })
    expect([work, stored, opened]).toEqual([0, [], [fetched.storage_key]])
  })

  it('does not wait for ever for a store that does not answer, nor stores what comes then', async () => {
    const asset = await addImage()
    const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    beforeOpen = () => {
      begun.resolve()
      return gate.promise
    }
    const thumbnails = create()
    const refused = expect(thumbnails.get(asset, KIND, HERE)).rejects.toMatchObject(shuttingDown)
    await begun.promise
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const closed = thumbnails.close()
      await vi.advanceTimersByTimeAsync(5000)
      await closed
    } finally {
      vi.useRealTimers()
    }
    gate.resolve()
    await refused
    expect(stored).toEqual([])
  })
})
