import { expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { ObjectDamaged, StoreUnavailable } from '../storage/object-store.ts'
import { createAssets } from './assets.ts'
import { thumbnailKey } from './storage-keys.ts'
import { createUnreadableBytes } from './unreadable-bytes.ts'

const GONE = new ObjectDamaged('gone')

it('are waited for no more once they are gone, however many others are', () => {
  const unreadable = createUnreadableBytes({ logger: silentLogger() })
  for (let index = 0; index < 1000; index++) unreadable.note(`images/aa/ast_${index}`, GONE)
  expect(unreadable.sinceMs('images/aa/ast_0')).toBe(Infinity)
  unreadable.note('images/aa/ast_1000', GONE)
  expect(unreadable.sinceMs('images/aa/ast_1000')).toBe(Infinity)
  expect(unreadable.summary()).toMatchObject({ all: 1000 })
})

it('that fail and then are gone are known as gone', () => {
  const unreadable = createUnreadableBytes({ logger: silentLogger() })
  unreadable.note('images/aa/ast_1', new StoreUnavailable('EIO'))
  expect(unreadable.sinceMs('images/aa/ast_1')).toBeLessThan(60_000)
  unreadable.note('images/aa/ast_1', GONE)
  expect(unreadable.sinceMs('images/aa/ast_1')).toBe(Infinity)
})

it('are told of no more when their image is removed, thumbnails included', async () => {
  const unreadable = createUnreadableBytes({ logger: silentLogger() })
  const image = 'images/aa/ast_1'
  for (const key of [image, thumbnailKey(image, { width: 256, format: 'webp' })]) unreadable.note(key, GONE)
  const store = { remove: async () => undefined } as unknown as Parameters<typeof createAssets>[0]['store']
  const rows = { forgetUnwanted: async () => undefined } as unknown as Parameters<typeof createAssets>[0]['rows']
  await createAssets({
    store,
    rows,
    unreadable,
    links: { isSigned: () => false },
    awaited: { forget: () => undefined },
    limits: { adminsLook: true }
  }).remove([image])
  expect(unreadable.summary()).toEqual({ first: [], all: 0 })
})
