import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { describeObjectStoreContract } from '../../tests/contracts/object-store-contract.ts'
import { openDiskStore } from './disk-store.ts'
import { StoreUnavailable } from './object-store.ts'

describeObjectStoreContract('disk', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  return { store: await openDiskStore(root), cleanUp: () => rm(root, { recursive: true }) }
})

it('forgets what a dead process left unfinished', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  await mkdir(join(root, 'unfinished'))
  await writeFile(join(root, 'unfinished', '1-0'), 'half an image')
  await openDiskStore(root)
  expect(await readdir(join(root, 'unfinished'))).toEqual([])
  await rm(root, { recursive: true })
})

it('tells whoever reads an object that it ends too early', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  const store = await openDiskStore(root)
  const bytes = 1_000_000
  await store.put('a/cut', Readable.from([Buffer.alloc(bytes)]), { contentType: 'image/png', maxBytes: bytes })
  for (const range of [undefined, { start: 500_000, end: 900_000 }]) {
    await truncate(join(root, 'objects', 'a', 'cut'), bytes)
    const stream = await store.open('a/cut', { bytes, ...(range && { range }) })
    await truncate(join(root, 'objects', 'a', 'cut'), 600_000)
    await expect(buffer(stream!)).rejects.toBeInstanceOf(StoreUnavailable)
  }
  await rm(root, { recursive: true })
})
