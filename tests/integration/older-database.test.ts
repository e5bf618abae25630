import { cp, mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SystemState } from '../../src/http/dashboard/contract/admin.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate } from '../support/image-calls.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const DATABASE = 'inference-club.sqlite'

let folder: string
let dataDir: string
let gateway: TestGateway
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'older-database-'))
  dataDir = join(folder, 'data')
  gateway = await startTestGateway({ dataDir })
})
afterEach(async () => {
  await gateway.close()
  await rm(folder, { recursive: true })
})

async function makeImage(user: Pick<TestUser, 'id'>): Promise<{ path: string; bytes: Buffer }> {
  const { key, client } = await gateway.addKey(user)
  const agent = await gateway.addAgent({ key, services: [{}] })
  const { pathname } = new URL((await generate(client, { size: '64x64' })).data[0]!.url)
  await agent.stop()
  return { path: pathname, bytes: Buffer.from(await (await gateway.call(pathname)).arrayBuffer()) }
}

/** Starts again with the database of a backup, or makes one. */
async function restart(change: { backUpTo?: string; restore?: string }): Promise<void> {
  await gateway.close()
  if (change.backUpTo !== undefined) await cp(join(dataDir, DATABASE), join(folder, change.backUpTo))
  if (change.restore !== undefined) await cp(join(folder, change.restore), join(dataDir, DATABASE))
  gateway = await startTestGateway({ dataDir })
}

/** As if they had been stored two hours ago: what is young is left to whoever is writing its row. */
async function age(): Promise<void> {
  const then = new Date(Date.now() - 7_200_000)
  for (const file of await storedFiles(dataDir)) await utimes(join(dataDir, file), then, then)
}

async function system(): Promise<SystemState> {
  const admin = await gateway.addPerson({ role: 'admin' })
  return (await callDashboard<SystemState>(gateway, admin, 'system')).body
}

it('sets aside the images that it does not know, tells admins, and takes them back with a newer one', async () => {
  const user = await gateway.addUser()
  const before = await makeImage(user)
  await restart({ backUpTo: 'older' })
  const after = await makeImage(user)
  await age()
  await restart({ backUpTo: 'newer', restore: 'older' })

  const setAside = await waitFor(async () => {
    const files = await storedFiles(dataDir)
    return files.find((file) => file.startsWith(join('objects', 'quarantine')))
  })
  expect(setAside).toMatch(/objects\/quarantine\/\d{4}-\d\d-\d\d\/\w\/ast_\w+$/)
  const { storage, problems } = await waitFor(async () => {
    const state = await system()
    return state.storage.quarantine.images > 0 && state
  })
  expect(storage.quarantine).toEqual({ images: 1, bytes: after.bytes.length })
  expect(problems).toEqual([expect.stringMatching(/^1 stored image is of no request .*storage check/)])
  expect((await gateway.call(before.path)).status).toBe(200)
  expect((await gateway.call(after.path)).status).toBe(404)

  await restart({ restore: 'newer' })
  await waitFor(async () => (await gateway.call(after.path)).status === 200)
  expect(Buffer.from(await (await gateway.call(after.path)).arrayBuffer())).toEqual(after.bytes)
  expect((await system()).storage.quarantine).toEqual({ images: 0, bytes: 0 })
})

it('keeps nothing of what somebody deleted', async () => {
  const user = await gateway.addUser()
  await makeImage(user)
  const { data } = (await (await gateway.call('/v1/jobs', { key: user.key })).json()) as { data: { id: string }[] }
  expect((await gateway.call(`/v1/jobs/${data[0]!.id}`, { key: user.key, method: 'DELETE' })).status).toBe(200)
  expect(await storedFiles(dataDir)).toEqual([])
  expect(await gateway.database.db.selectFrom('unwanted_objects').selectAll().execute()).toEqual([])
})
