import { mkdtemp, readdir, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeObjectStoreContract } from '../../tests/contracts/object-store-contract.ts'
import { openDiskStore } from './disk-store.ts'

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
