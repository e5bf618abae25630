import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDiskStore } from '../storage/disk-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { ORPHAN_AGE_MS, sweepOrphans } from './sweep-orphans.ts'

let root: string
let store: ObjectStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sweep-orphans-'))
  store = await openDiskStore(root)
})
afterEach(() => rm(root, { recursive: true }))

const put = (key: string) =>
  store.put(key, Readable.from([Buffer.from('bytes')]), { contentType: 'image/png', maxBytes: 100 })
const exists = async (key: string) => (await store.stat(key)) !== undefined

/** Rows that refer to these keys and no others. */
const rowsOf = (...known: string[]) => ({
  knownKeys: async (keys: readonly string[]) => new Set(keys.filter((key) => known.includes(key)))
})

/** So long after everything was stored. */
const clockAt = (laterMs: number) => ({ now: () => Date.now() + laterMs })

const sweep = (parts: { known: string[]; laterMs: number; minAgeMs?: number }) =>
  sweepOrphans({
    store,
    assets: rowsOf(...parts.known),
    clock: clockAt(parts.laterMs),
    ...(parts.minAgeMs !== undefined && { minAgeMs: parts.minAgeMs })
  })

describe('sweepOrphans', () => {
  it('removes what no row refers to, its thumbnails too, and nothing else', async () => {
    const kept = ['images/aa/kept', 'thumbnails/aa/kept.256.webp', 'thumbnails/aa/kept.full.png', 'elsewhere/aa/other']
    const orphans = [
      'images/aa/orphan',
      'images/bb/orphan',
      'thumbnails/aa/orphan.256.webp',
      'thumbnails/cc/gone.64.png'
    ]
    for (const key of [...kept, ...orphans]) await put(key)
    expect(await sweep({ known: ['images/aa/kept'], laterMs: ORPHAN_AGE_MS + 1000 })).toBe(4)
    for (const key of kept) expect(await exists(key), key).toBe(true)
    for (const key of orphans) expect(await exists(key), key).toBe(false)
  })

  it('leaves what may belong to a transaction that is about to commit', async () => {
    await put('images/aa/young')
    expect(await sweep({ known: [], laterMs: ORPHAN_AGE_MS - 60_000 })).toBe(0)
    expect(await exists('images/aa/young')).toBe(true)
    expect(await sweep({ known: [], laterMs: 61_000, minAgeMs: 60_000 })).toBe(1)
  })

  it('does nothing in an empty store', async () => {
    expect(await sweep({ known: [], laterMs: ORPHAN_AGE_MS * 2 })).toBe(0)
  })

  it('asks for the rows in portions, and forgets none', async () => {
    const keys = Array.from({ length: 1201 }, (_, index) => `images/aa/object-${index}`)
    const removed: string[] = []
    const asked: number[] = []
    const count = await sweepOrphans({
      store: {
        remove: async (gone) => void removed.push(...gone),
        list: async function* () {
          for (const key of keys) yield { key, bytes: 1, modifiedAt: 0 }
        }
      },
      assets: {
        knownKeys: async (some) => {
          asked.push(some.length)
          return new Set(some.filter((key) => key.endsWith('7')))
        }
      },
      clock: clockAt(0)
    })
    expect(Math.max(...asked)).toBeLessThanOrEqual(500)
    expect(asked.reduce((sum, some) => sum + some, 0)).toBe(1201)
    expect(removed.sort()).toEqual(keys.filter((key) => !key.endsWith('7')).sort())
    expect(count).toBe(removed.length)
  })
})
