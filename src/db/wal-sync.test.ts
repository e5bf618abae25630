import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWalSync, type WalSync } from './wal-sync.ts'

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

let folder: string
let walPath: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-sync-'))
  walPath = join(folder, 'db-wal')
  await writeFile(walPath, 'log')
})
afterEach(() => rm(folder, { recursive: true }))

/** A disk that finishes each sync when the test says so. */
async function heldDisk() {
  const syncs: PromiseWithResolvers<void>[] = []
  const failures: unknown[] = []
  const walSync = await createWalSync({
    walPath,
    onFailure: (error) => failures.push(error),
    syncFile: () => {
      const sync = Promise.withResolvers<void>()
      syncs.push(sync)
      return sync.promise
    }
  })
  return { walSync, syncs, failures }
}

/** What has become of a promise by now. */
function follow(promise: Promise<void>): { done: boolean } {
  const state = { done: false }
  void promise.then(() => (state.done = true))
  return state
}

const reply = (walSync: WalSync) => follow(walSync.durable())

describe('a reply', () => {
  it('leaves at once when there is nothing to sync', async () => {
    const { walSync, syncs } = await heldDisk()
    await walSync.durable()
    expect(syncs).toHaveLength(0)
    await walSync.close()
  })

  it('waits for the commits before it, and for none after it', async () => {
    const { walSync, syncs } = await heldDisk()
    walSync.committed()
    const first = reply(walSync)
    walSync.committed()
    const second = reply(walSync)
    await settle()
    expect([first.done, second.done]).toEqual([false, false])
    syncs[0]!.resolve()
    await settle()
    expect([first.done, second.done]).toEqual([true, false])
    syncs[1]!.resolve()
    await settle()
    expect(second.done).toBe(true)
    await walSync.durable()
    expect(syncs).toHaveLength(2)
    await walSync.close()
  })

  it('does not trust a sync that began before its commit', async () => {
    const { walSync, syncs } = await heldDisk()
    walSync.committed()
    void walSync.durable()
    await settle()
    walSync.committed()
    const late = reply(walSync)
    syncs[0]!.resolve()
    await settle()
    expect(late.done).toBe(false)
    expect(syncs).toHaveLength(2)
    syncs[1]!.resolve()
    await settle()
    expect(late.done).toBe(true)
    await walSync.close()
  })

  it('is one of many that a single sync serves', async () => {
    const { walSync, syncs } = await heldDisk()
    walSync.committed()
    const first = reply(walSync)
    const crowd = Array.from({ length: 100 }, () => {
      walSync.committed()
      return reply(walSync)
    })
    await settle()
    expect(syncs).toHaveLength(1)
    syncs[0]!.resolve()
    await settle()
    expect(first.done).toBe(true)
    expect(crowd.some((one) => one.done)).toBe(false)
    expect(syncs).toHaveLength(2)
    syncs[1]!.resolve()
    await settle()
    expect(crowd.every((one) => one.done)).toBe(true)
    expect(syncs).toHaveLength(2)
    await walSync.close()
  })
})

describe('a failed sync', () => {
  it('is told once, and no reply leaves any more', async () => {
    const { walSync, syncs, failures } = await heldDisk()
    walSync.committed()
    const waiting = [reply(walSync), reply(walSync)]
    await settle()
    const broken = new Error('EIO')
    syncs[0]!.reject(broken)
    await settle()
    walSync.committed()
    waiting.push(reply(walSync))
    await settle()
    expect(failures).toEqual([broken])
    expect(waiting.some((one) => one.done)).toBe(false)
    expect(syncs).toHaveLength(1)
    await walSync.close()
  })
})

it('closes when the running sync is through', async () => {
  const { walSync, syncs } = await heldDisk()
  walSync.committed()
  void walSync.durable()
  await settle()
  const closing = follow(walSync.close())
  await settle()
  expect(closing.done).toBe(false)
  syncs[0]!.resolve()
  await settle()
  await expect.poll(() => closing.done).toBe(true)
})

it('syncs a real file', async () => {
  const walSync = await createWalSync({ walPath, onFailure: (error) => expect.fail(String(error)) })
  walSync.committed()
  await walSync.durable()
  await walSync.close()
})
