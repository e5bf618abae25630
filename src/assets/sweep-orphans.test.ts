import { DAY_MS } from '../lib/durations.ts'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDiskStore } from '../storage/disk-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { ORPHAN_AGE_MS } from './list-portions.ts'
import { sweepOrphans } from './sweep-orphans.ts'

let root: string
let store: ObjectStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sweep-orphans-'))
  store = await openDiskStore(root)
})
afterEach(() => rm(root, { recursive: true }))

const put = (key: string) => store.put(key, Readable.from([Buffer.from('bytes')]), { maxBytes: 100 })
const exists = async (key: string) => (await store.stat(key)) !== undefined

const QUARANTINE_MS = 30 * DAY_MS

/** Rows that refer to these keys and no others, and keys whose last rows were deleted. */
const rowsOf = (known: readonly string[], unwanted: string[] = []) => ({
  knownKeys: async (keys: readonly string[]) => new Set(keys.filter((key) => known.includes(key))),
  listUnwanted: async (limit: number) => unwanted.slice(0, limit),
  forgetUnwanted: async (keys: readonly string[]) => {
    for (const key of keys) unwanted.splice(unwanted.indexOf(key), 1)
  }
})

/** So long after everything was stored. */
const clockAt = (laterMs: number) => ({ now: () => Date.now() + laterMs })

const sweep = (parts: {
  known?: string[]
  unwanted?: string[]
  laterMs: number
  minAgeMs?: number
  quarantineMs?: number
}) =>
  sweepOrphans({
    store,
    assets: rowsOf(parts.known ?? [], parts.unwanted),
    clock: clockAt(parts.laterMs),
    quarantineMs: parts.quarantineMs ?? QUARANTINE_MS,
    ...(parts.minAgeMs !== undefined && { minAgeMs: parts.minAgeMs })
  })

const list = async (prefix: string) => {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}
const dayOf = (laterMs: number) => new Date(Date.now() + laterMs).toISOString().slice(0, 10)

describe('sweepOrphans', () => {
  const AFTER = ORPHAN_AGE_MS + 1000
  const KEPT = ['images/aa/kept', 'thumbnails/aa/kept.256.webp', 'thumbnails/aa/kept.full.png', 'elsewhere/aa/other']
  const ORPHANS = ['images/aa/orphan', 'images/bb/orphan', 'thumbnails/aa/orphan.256.webp', 'thumbnails/cc/gone.64.png']
  const all = [...KEPT, ...ORPHANS]

  it('sets images aside that no row refers to, removes their thumbnails, and touches nothing else', async () => {
    for (const key of all) await put(key)
    const swept = await sweep({ known: ['images/aa/kept'], laterMs: AFTER })
    expect(swept).toEqual({ removed: 2, restored: 0, quarantine: { images: 2, bytes: 10 } })
    const day = dayOf(AFTER)
    expect(await list('')).toEqual([...KEPT, `quarantine/${day}/aa/orphan`, `quarantine/${day}/bb/orphan`].sort())
  })

  it('erases them when their time is over, to the day', async () => {
    for (const key of all) await put(key)
    const known = ['images/aa/kept']
    await sweep({ known, laterMs: AFTER })
    const dayEnds = Math.ceil((Date.now() + AFTER) / DAY_MS) * DAY_MS - Date.now()
    const before = await sweep({ known, laterMs: dayEnds + QUARANTINE_MS - 1000 })
    expect(before).toEqual({ removed: 0, restored: 0, quarantine: { images: 2, bytes: 10 } })
    const after = await sweep({ known, laterMs: dayEnds + QUARANTINE_MS + 1000 })
    expect(after).toEqual({ removed: 2, restored: 0, quarantine: { images: 0, bytes: 0 } })
    expect(await list('')).toEqual([...KEPT].sort())
  })

  it('puts them back as soon as a row refers to them again', async () => {
    for (const key of all) await put(key)
    await sweep({ known: ['images/aa/kept'], laterMs: AFTER })
    const known = ['images/aa/kept', 'images/bb/orphan']
    const later = await sweep({ known, laterMs: 40 * DAY_MS, quarantineMs: 90 * DAY_MS })
    expect(later).toEqual({ removed: 0, restored: 1, quarantine: { images: 1, bytes: 5 } })
    expect(await list('images/')).toEqual(['images/aa/kept', 'images/bb/orphan'])
  })

  it('erases with the next sweep where nothing is to be kept, also what was', async () => {
    for (const key of all) await put(key)
    await sweep({ known: [...KEPT, 'images/bb/orphan'], laterMs: AFTER })
    const known = ['images/aa/kept']
    const first = await sweep({ known, laterMs: AFTER, quarantineMs: 0 })
    expect(first).toEqual({ removed: 1, restored: 0, quarantine: { images: 1, bytes: 5 } })
    const second = await sweep({ known, laterMs: AFTER, quarantineMs: 0 })
    expect(second).toEqual({ removed: 1, restored: 0, quarantine: { images: 0, bytes: 0 } })
    expect(await list('')).toEqual([...KEPT].sort())
  })

  it.each([0, QUARANTINE_MS])(
    'loses no image that is given to somebody while it looks (kept for %i ms)',
    async (quarantineMs) => {
      await put('images/aa/adopted')
      const known: string[] = []
      const rows = rowsOf(known)
      const knownKeys = async (keys: readonly string[]) => {
        const found = await rows.knownKeys(keys)
        // The row is written when it has been looked for and not found.
        known.push('images/aa/adopted')
        return found
      }
      const parts = { store, clock: clockAt(AFTER), quarantineMs }
      await sweepOrphans({ ...parts, assets: { ...rows, knownKeys } })
      await sweepOrphans({ ...parts, assets: rows })
      expect(await list('')).toEqual(['images/aa/adopted'])
    }
  )

  it('leaves no folder of a day on which nothing is kept any more', async () => {
    for (const key of ['images/aa/orphan', 'images/bb/orphan']) await put(key)
    const folders = async () => (await readdir(join(root, 'objects', 'quarantine'), { recursive: true })).sort()
    await sweep({ laterMs: AFTER })
    const day = dayOf(AFTER)
    await sweep({ known: ['images/aa/orphan'], laterMs: AFTER })
    expect(await folders()).toEqual([day, join(day, 'bb'), join(day, 'bb', 'orphan')])
    await sweep({ known: ['images/aa/orphan'], laterMs: QUARANTINE_MS + 2 * DAY_MS })
    expect(await folders()).toEqual([])
    // And they are made again.
    await put('images/bb/orphan')
    await sweep({ known: ['images/aa/orphan'], laterMs: AFTER })
    expect(await folders()).toContain(join(day, 'bb', 'orphan'))
  })

  it('erases what somebody deleted, which a process that died left there', async () => {
    for (const key of all) await put(key)
    const unwanted = ['images/aa/orphan', 'images/aa/kept']
    const swept = await sweep({ known: ['images/aa/kept'], unwanted, laterMs: 0 })
    // The image with its thumbnail, but not what a row refers to after all; and younger orphans not yet.
    expect(swept).toEqual({ removed: 1, restored: 0, quarantine: { images: 0, bytes: 0 } })
    expect(unwanted).toEqual([])
    expect(await list('')).toEqual(all.filter((key) => !key.includes('aa/orphan')).sort())
  })

  it('leaves what may belong to a transaction that is about to commit', async () => {
    await put('images/aa/young')
    expect(await sweep({ laterMs: ORPHAN_AGE_MS - 60_000 })).toMatchObject({ quarantine: { images: 0 } })
    expect(await exists('images/aa/young')).toBe(true)
    expect(await sweep({ laterMs: 61_000, minAgeMs: 60_000 })).toMatchObject({ quarantine: { images: 1 } })
  })

  it('stops in the middle when it is told to, and goes on the next time', async () => {
    for (const key of all) await put(key)
    const stopping = new AbortController()
    const parts = { assets: rowsOf(['images/aa/kept']), clock: clockAt(AFTER), quarantineMs: QUARANTINE_MS }
    const move: ObjectStore['move'] = async (from, to) => {
      stopping.abort()
      return store.move(from, to)
    }
    await sweepOrphans({ ...parts, store: { ...store, move }, signal: stopping.signal })
    expect(await list('quarantine/')).toHaveLength(1)
    expect(await list('thumbnails/')).toHaveLength(4)
    expect(await sweepOrphans({ ...parts, store })).toEqual({
      removed: 2,
      restored: 0,
      quarantine: { images: 2, bytes: 10 }
    })
  })

  it('does nothing in an empty store', async () => {
    const nothing = { removed: 0, restored: 0, quarantine: { images: 0, bytes: 0 } }
    expect(await sweep({ laterMs: ORPHAN_AGE_MS * 2 })).toEqual(nothing)
  })

  it('asks for the rows in portions, and forgets none', async () => {
    const keys = Array.from({ length: 1201 }, (_, index) => `images/aa/object-${index}`)
    const removed: string[] = []
    const moved: string[] = []
    const asked: number[] = []
    const { quarantine } = await sweepOrphans({
      store: {
        remove: async (gone) => void removed.push(...gone),
        move: async (key) => moved.push(key) > 0,
        dropEmptyFolders: async () => undefined,
        list: async function* (prefix) {
          for (const key of keys) if (key.startsWith(prefix)) yield { key, bytes: 1, modifiedAt: 0 }
        }
      },
      assets: {
        ...rowsOf([]),
        knownKeys: async (some) => {
          asked.push(some.length)
          return new Set(some.filter((key) => key.endsWith('7')))
        }
      },
      clock: clockAt(0),
      quarantineMs: QUARANTINE_MS
    })
    expect(Math.max(...asked)).toBeLessThanOrEqual(500)
    expect(asked.reduce((sum, some) => sum + some, 0)).toBe(1201)
    expect(moved.sort()).toEqual(keys.filter((key) => !key.endsWith('7')).sort())
    expect(removed).toEqual([])
    expect(quarantine.images).toBe(moved.length)
  })
})
