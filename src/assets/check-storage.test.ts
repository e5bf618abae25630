import { DAY_MS } from '../lib/durations.ts'
import { expect, it } from 'vitest'
import type { AssetRow } from './asset-store.ts'
import { checkStorage } from './check-storage.ts'
import { ORPHAN_AGE_MS } from './list-portions.ts'

const NOW = Date.parse('2030-06-15T12:00:00Z')
const IMAGE = 'images/ab/ast_image'
const ASIDE = 'quarantine/2030-06-15/ab/ast_image'

/** Checks a store of these keys, in which `move` is called when the keys below a prefix have been listed. */
const check = (
  keys: Set<string>,
  {
    known = [],
    move,
    ageMs = ORPHAN_AGE_MS
  }: { known?: string[]; move?: (listed: string) => void; ageMs?: number } = {}
) =>
  checkStorage({
    store: {
      list: async function* (prefix) {
        for (const key of [...keys].filter((one) => one.startsWith(prefix))) {
          yield { key, bytes: 5, modifiedAt: NOW - ageMs }
        }
        move?.(prefix)
      },
      stat: async (key) => (keys.has(key) ? { bytes: 5 } : undefined),
      open: async () => undefined
    },
    assets: {
      knownKeys: async (asked) => new Set(asked.filter((key) => known.includes(key))),
      listUnwanted: async () => [],
      listAfter: async (id) =>
        id === '' ? known.map((storage_key) => ({ id: 'ast_image', storage_key, bytes: 5 }) as AssetRow) : [],
      findAsset: async () => ({ id: 'ast_image' }) as AssetRow
    },
    quarantineMs: 30 * DAY_MS,
    now: NOW,
    readsAll: false
  })

it('finds an image that is set aside while it looks', async () => {
  const keys = new Set([IMAGE])
  const setAside = (prefix: string) => {
    if (prefix !== 'images/') return
    keys.delete(IMAGE)
    keys.add(ASIDE)
  }
  const { unnamed } = await check(keys, { move: setAside })
  expect(unnamed).toEqual([expect.objectContaining({ key: ASIDE, imageKey: IMAGE })])
})

it('takes an image that has a row and is set aside for one that comes back, not for a missing one', async () => {
  expect(await check(new Set([ASIDE]), { known: [IMAGE] })).toMatchObject({ missing: [], unnamed: [], returning: 1 })
  const { missing, returning } = await check(new Set(), { known: [IMAGE] })
  expect({ missing: missing.map(({ foundBytes }) => foundBytes), returning }).toEqual({ missing: [null], returning: 0 })
})

it('tells of what is younger than an hour when it can be judged, and judges what is an hour old', async () => {
  const ofAge = (ageMs: number, known: string[] = []) => check(new Set([IMAGE]), { ageMs, known })
  expect(await ofAge(ORPHAN_AGE_MS - 1)).toMatchObject({ unnamed: [], young: { count: 1, judgedAt: NOW + 1 } })
  expect(await ofAge(ORPHAN_AGE_MS)).toMatchObject({ unnamed: [{ key: IMAGE }], young: { count: 0 } })
  expect(await ofAge(0, [IMAGE])).toMatchObject({ unnamed: [], young: { count: 0 } })
})
