import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { BUCKET, S3_CREDENTIALS } from '../../tests/support/s3-server.ts'
import { type S3Process, spawnS3 } from '../../tests/support/spawn-s3.ts'
import { createAssetStore } from '../assets/asset-store.ts'
import { createStagedImages } from '../assets/staged-images.ts'
import { createStagedImageStore } from '../assets/staged-image-store.ts'
import { storageKeyOf } from '../assets/storage-keys.ts'
import { createUnreadableBytes } from '../assets/unreadable-bytes.ts'
import { silentLogger } from '../lib/logger.ts'
import { openS3Store } from '../storage/s3-store.ts'
import { createStorageSweeper } from './storage-sweeper.ts'

let s3: S3Process
let rows: RequestRows
beforeAll(async () => {
  s3 = await spawnS3()
  rows = await openRequestRows()
})
afterAll(async () => {
  await rows.close()
  await s3.close()
})

// The server counts the calls of everybody: a gateway, which tries out its store in the background, would be among them.
it('looks through a bucket once a day, and hourly for what is known to be unwanted', async () => {
  const { database } = rows
  const clock = { now: () => Date.now() }
  const logger = silentLogger()
  const store = await openS3Store({ bucket: BUCKET, prefix: '', endpoint: s3.url, region: S3_CREDENTIALS.region })
  await rows.addUser('ann')
  const ids = ['ast_a1', 'ast_b2', 'ast_c3']
  for (const id of ids) {
    const key = storageKeyOf(id)
    await store.put(key, Readable.from([Buffer.from('x')]), { maxBytes: 1 })
    await rows.addRequest(id, { user_id: 'ann' })
    await rows.addAsset(id, { request_id: id, owner_id: 'ann', storage_key: key, bytes: 1 })
  }
  const sweeper = createStorageSweeper({
    ...{ store, clock, quarantineMs: 0, logger },
    assets: createAssetStore(database),
    stagedImages: createStagedImages({ store, rows: createStagedImageStore(database), clock }),
    unreadable: createUnreadableBytes({ logger })
  })
  const { signal } = new AbortController()
  await s3.control({})
  await sweeper.sweep(signal)
  expect((await s3.state()).calls).toEqual({ list: 4, listUploads: 1, head: ids.length })
  await sweeper.sweep(signal)
  expect((await s3.state()).calls).toEqual({ list: 5, listUploads: 2, head: 2 * ids.length })
  expect(sweeper.quarantine().images).toBe(0)
})
