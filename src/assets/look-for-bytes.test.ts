import { expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import type { AssetRow } from './asset-store.ts'
import { lookForBytes } from './look-for-bytes.ts'
import { createUnreadableBytes } from './unreadable-bytes.ts'

const rowOf = (number: number) => {
  const id = `ast_${String(number).padStart(4, '0')}`
  return { id, storage_key: `images/${id}`, bytes: 5 } as AssetRow
}

function furnish(count: number) {
  const rows = Array.from({ length: count }, (_, number) => rowOf(number))
  const sizes = new Map(rows.map(({ storage_key }) => [storage_key, 5]))
  const deleted = new Set<string>()
  const unreadable = createUnreadableBytes({ logger: silentLogger() })
  const looked: string[] = []
  const look = (afterId: string, wanted: number) =>
    lookForBytes(
      {
        store: {
          stat: async (key) => {
            looked.push(key)
            const bytes = sizes.get(key)
            return bytes === undefined ? undefined : { bytes }
          }
        },
        assets: {
          listAfter: async (id, limit) => rows.filter((row) => row.id > id).slice(0, limit),
          findAsset: async (id) => (deleted.has(id) ? undefined : rows.find((row) => row.id === id))
        },
        unreadable
      },
      { afterId, rows: wanted }
    )
  return { rows, sizes, deleted, unreadable, looked, look }
}

it('goes on where the last look ended, and begins anew after the last image', async () => {
  const { rows, looked, look } = furnish(1201)
  let after = await look('', 600)
  expect([looked.length, after]).toEqual([600, rows[599]!.id])
  after = await look(after, 600)
  expect([looked.length, after]).toEqual([1200, rows[1199]!.id])
  after = await look(after, 600)
  expect([looked.length, after]).toEqual([1201, ''])
  expect(new Set(looked).size).toBe(1201)
})

it('notes what is missing or cut, forgets what is back, and leaves alone what was deleted or could not be read', async () => {
  const { rows, sizes, deleted, unreadable, look } = furnish(4)
  const [gone, cut, removed, faulty] = rows.map((row) => row.storage_key) as [string, string, string, string]
  sizes.delete(gone)
  sizes.set(cut, 3)
  sizes.delete(removed)
  deleted.add(rows[2]!.id)
  unreadable.note(faulty, new Error('EIO'))
  await look('', 10)
  expect(unreadable.summary().first.sort()).toEqual([gone, cut, faulty].sort())
  sizes.set(gone, 5)
  await look('', 10)
  expect(unreadable.summary().first.sort()).toEqual([cut, faulty].sort())
})
