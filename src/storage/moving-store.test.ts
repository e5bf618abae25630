import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeObjectStoreContract } from '../../tests/contracts/object-store-contract.ts'
import { openDiskStore } from './disk-store.ts'
import { createMovingStore } from './moving-store.ts'
import type { ObjectStore } from './object-store.ts'

async function openBoth() {
  const root = await mkdtemp(join(tmpdir(), 'moving-store-'))
  const [to, from] = [await openDiskStore(join(root, 'new')), await openDiskStore(join(root, 'old'))]
  return { to, from, store: createMovingStore({ to, from }), cleanUp: () => rm(root, { recursive: true }) }
}

describeObjectStoreContract('moving', openBoth)

describe('while objects move', () => {
  let parts: Awaited<ReturnType<typeof openBoth>>
  beforeEach(async () => {
    parts = await openBoth()
  })
  afterEach(() => parts.cleanUp())

  const put = (store: ObjectStore, key: string, content = key) =>
    store.put(key, Readable.from([Buffer.from(content)]), { maxBytes: 100 })
  const keys = async (store: ObjectStore) => (await Array.fromAsync(store.list(''))).map(({ key }) => key).sort()

  it('stores in the new place, and reads from where an object is', async () => {
    const { to, from, store } = parts
    await put(from, 'old/one')
    await put(store, 'new/one')
    expect([await keys(to), await keys(from)]).toEqual([['new/one'], ['old/one']])
    for (const key of ['old/one', 'new/one']) {
      expect(await text((await store.open(key))!)).toBe(key)
      expect(await store.stat(key)).toEqual({ bytes: 7 })
    }
    expect(await keys(store)).toEqual(['new/one', 'old/one'])
  })

  it('removes from both, and gives another name wherever an object is', async () => {
    const { to, from, store } = parts
    await put(from, 'a')
    await put(from, 'b')
    await put(to, 'b')
    expect(await store.move('a', 'c')).toBe(true)
    expect(await store.move('b', 'd')).toBe(true)
    expect([await keys(to), await keys(from)]).toEqual([['d'], ['c']])
    await put(to, 'c')
    await store.remove(['c', 'd'])
    expect(await keys(store)).toEqual([])
  })

  it.each([
    ['to the bucket', { bucketIs: 'to' as const }],
    ['from the bucket', { bucketIs: 'from' as const }]
  ])('links where an object is, and nowhere else, %s', async (_name, { bucketIs }) => {
    const { to, from } = parts
    await put(from, 'old')
    await put(to, 'new')
    const links = { ...parts[bucketIs], link: async (key: string) => `https://bucket/${key}` }
    const store = createMovingStore({ to, from, [bucketIs]: links })
    const options = { headers: { contentType: '', contentDisposition: '', cacheControl: '' }, forMs: 1000 }
    const isLinked = async (key: string) => (await store.link(key, options)) !== undefined
    expect([await isLinked('old'), await isLinked('new')]).toEqual([bucketIs === 'from', bucketIs === 'to'])
  })
})
