import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDiskStore } from '../storage/disk-store.ts'
import { createMovingStore } from '../storage/moving-store.ts'
import { type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'
import { moveImages } from './move-images.ts'

const KEY = 'images/ab/ast_one'
const OTHER = 'images/cd/ast_two'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

let root: string
let to: ObjectStore
let from: ObjectStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'move-images-'))
  to = await openDiskStore(join(root, 'new'))
  from = await openDiskStore(join(root, 'old'))
  for (const key of [KEY, OTHER]) await put(from, key)
})
afterEach(() => rm(root, { recursive: true }))

const put = (store: ObjectStore, key: string, content = key) =>
  store.put(key, Readable.from([Buffer.from(content)]), { maxBytes: 100 })
const keysOf = async (store: ObjectStore) => (await Array.fromAsync(store.list(''))).map(({ key }) => key).sort()
const assets = { hashesOf: async (keys: readonly string[]) => new Map(keys.map((key) => [key, sha256(key)])) }
const move = (parts: { to?: ObjectStore; from?: ObjectStore; deletesSource?: boolean } = {}) =>
  moveImages({ to, from, assets, deletesSource: false, ...parts })

it('leaves alone what was moved before, copies anew what is other than it was, and removes thumbnails at last', async () => {
  await put(to, KEY)
  await put(to, OTHER, OTHER.toUpperCase())
  await put(from, 'thumbnails/ab/ast_one.256.webp')
  const report = await move({ deletesSource: true })
  expect(report).toEqual({ moved: { images: 1, bytes: OTHER.length }, there: 1, deleted: 0, unmoved: [] })
  expect([await keysOf(to), await keysOf(from)]).toEqual([[KEY, OTHER], []])
})

it('keeps the source of what is not read back as it was written', async () => {
  const lying: ObjectStore = {
    ...to,
    open: (key, options) => (key === KEY ? Promise.resolve(Readable.from([Buffer.from('x')])) : to.open(key, options))
  }
  const report = await move({ to: lying, deletesSource: true })
  expect(report).toMatchObject({ moved: { images: 1 }, unmoved: [{ key: KEY, fault: 'target' }] })
  expect(await keysOf(from)).toEqual([KEY])
})

it.each(['before its bytes are read', 'after they were written'])(
  'leaves nothing of an image that is deleted %s',
  async (when) => {
    const gateway = createMovingStore({ to, from })
    const deleting = (store: ObjectStore, which: 'open' | 'stat'): ObjectStore => ({
      ...store,
      [which]: async (key: string) => {
        if (key === KEY) await gateway.remove([KEY])
        return store[which](key)
      }
    })
    const report = await move({ from: deleting(from, when === 'before its bytes are read' ? 'open' : 'stat') })
    expect(report).toMatchObject({ moved: { images: 1 }, deleted: 1, unmoved: [] })
    expect([await keysOf(to), await keysOf(from)]).toEqual([[OTHER], [OTHER]])
  }
)

it('moves what has another name since it was looked for', async () => {
  const [aside, back] = ['quarantine/2030-01-01/ef/ast_three', 'images/ef/ast_three']
  await put(from, aside, back)
  const renaming: ObjectStore = {
    ...from,
    list: async function* (prefix) {
      if (prefix === 'quarantine/') await from.move(aside, back)
      yield* from.list(prefix)
    }
  }
  expect(await move({ from: renaming })).toMatchObject({ moved: { images: 3 }, unmoved: [] })
  expect(await keysOf(to)).toEqual([KEY, OTHER, back])
})

it('fails when a store does, and goes on where it was', async () => {
  let writes = 0
  const failing: ObjectStore = {
    ...to,
    put: async (...args) => {
      if (++writes === 2) throw new StoreUnavailable('full')
      return to.put(...args)
    }
  }
  await expect(move({ to: failing })).rejects.toThrow(StoreUnavailable)
  const { moved, there } = await move()
  expect(moved.images + there).toBe(2)
})
