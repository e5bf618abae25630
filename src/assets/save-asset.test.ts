import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { plainPng } from '../../tests/support/pictures.ts'
import { storedFiles } from '../../tests/support/stored-files.ts'
import { syncFolder as reallySync } from '../lib/folders.ts'
import { openDiskStore } from '../storage/disk-store.ts'
import { StoreUnavailable } from '../storage/object-store.ts'
import { saveAsset } from './save-asset.ts'

const LIMITS = { maxBytes: 100_000, maxPixels: 10_000, maxSide: 1000 }

let root: string
let image: Buffer

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'inference-club-save-'))
  image = await plainPng({ width: 32, height: 32 }, [200, 40, 40])
})
afterAll(() => rm(root, { recursive: true }))

/** Notes what becomes of a copy. */
function watchedCopy() {
  const heard: string[] = []
  const copy = {
    take: (piece: Buffer) => void heard.push(`takes ${piece.length}`),
    keep: (key: string) => void heard.push(`keeps ${key}`),
    drop: () => void heard.push('drops')
  }
  return { copy, heard }
}

it('has a copy kept of what is stored, and of nothing else', async () => {
  const store = await openDiskStore(root)
  const stored = watchedCopy()
  const { storageKey } = await saveAsset(store, Readable.from([image]), { ...LIMITS, copy: stored.copy })
  expect(stored.heard).toEqual([`takes ${image.length}`, `keeps ${storageKey}`])
  const refused = watchedCopy()
  const saving = saveAsset(store, Readable.from([Buffer.from('no image')]), { ...LIMITS, copy: refused.copy })
  await expect(saving).rejects.toThrow()
  expect(refused.heard.filter((word) => !word.startsWith('takes'))).toEqual(['drops'])
  await store.remove([storageKey])
})

it('leaves nothing of an image whose name the disk does not keep', async () => {
  const syncFolder = async (path: string) => {
    if ((await readdir(path)).some((name) => name.startsWith('ast_'))) throw Object.assign(new Error(), { code: 'EIO' })
    await reallySync(path)
  }
  const store = await openDiskStore(root, { syncFolder })
  const saving = saveAsset(store, Readable.from([image]), LIMITS)
  await expect(saving).rejects.toBeInstanceOf(StoreUnavailable)
  expect(await storedFiles(root)).toEqual([])
})
