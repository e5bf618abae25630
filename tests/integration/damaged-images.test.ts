import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SystemState } from '../../src/http/dashboard/contract/admin.ts'
import { ended, outcomes, picture, submit, unique } from '../support/agent-work.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestPerson, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
let admin: TestPerson
let model: string

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  admin = await gateway.addPerson({ role: 'admin' })
  model = unique('model')
  const features = ['generate' as const, 'edit' as const]
  await gateway.addAgent({ key: user.key, services: [{ models: [{ id: model, servedAs: 'demo', features }] }] })
})
afterAll(() => gateway.close())

/** Ways in which a disk or somebody on it loses bytes, between the store's back and its next look. */
const DAMAGES: [string, (path: string) => Promise<void>][] = [
  ['cut', (path) => truncate(path, 50)],
  ['emptied', (path) => truncate(path, 0)],
  ['longer than it was', (path) => truncate(path, 1_000_000)],
  ['gone', (path) => rm(path)]
]

const assetOf = (requestId: string, kind: 'input' | 'output') =>
  gateway.database.db
    .selectFrom('assets')
    .selectAll()
    .where('request_id', '=', requestId)
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow()
const pathOf = ({ storage_key }: { storage_key: string }) => join(gateway.dataDir, 'objects', storage_key)

const problems = async () => {
  const answer = await gateway.call('/api/dashboard/system', { headers: { cookie: admin.cookie } })
  return ((await answer.json()) as SystemState).problems.join(' ')
}

describe.each(DAMAGES)('a stored image that is %s', (_what, damage) => {
  it('is not sent: its readers are told at once, and admins which it is', async () => {
    const job = await ended(user, await submit(user, model))
    const asset = await assetOf(job.id, 'output')
    await damage(pathOf(asset))
    const path = `/api/inference/assets/${asset.id}/`
    for (const headers of [{}, { range: 'bytes=0-9' }]) {
      const answer = await gateway.call(path, { headers })
      expect([answer.status, (await readError(answer)).code]).toEqual([503, 'storage_unavailable'])
      expect(answer.headers.get('cache-control') ?? '').not.toContain('immutable')
    }
    expect((await gateway.call(`${path}?width=64`)).status).toBe(503)
    expect(await problems()).toContain(asset.id)

    await gateway.call(`/v1/jobs/${job.id}`, { key: user.key, method: 'DELETE' })
    expect(await problems()).not.toContain(asset.id)
  })

  it('ends the edit whose source it is, and blames nobody', async () => {
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(await picture())], { type: 'image/png' }), 'source.png')
    for (const [name, value] of Object.entries({ model, prompt: 'a fox', async: 'true', size: '48x32', steps: '2' })) {
      form.set(name, value)
    }
    // Drained until the bytes are gone.
    const { id: provider } = await gateway.database.db.selectFrom('providers').selectAll().executeTakeFirstOrThrow()
    const headers = { cookie: admin.cookie }
    await gateway.call(`/api/dashboard/providers/${provider}/drain`, { method: 'POST', headers })
    const answer = await gateway.call('/v1/images/edits', { key: user.key, method: 'POST', body: form })
    const { id } = (await answer.json()) as { id: string }
    await damage(pathOf(await assetOf(id, 'input')))
    await gateway.call(`/api/dashboard/providers/${provider}/resume`, { method: 'POST', headers })

    const job = await ended(user, id)
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'storage_unavailable' } })
    expect(outcomes(job)).toEqual([['failed', 'input_lost']])
    const service = await gateway.database.db.selectFrom('services').selectAll().executeTakeFirstOrThrow()
    expect(service.faults_in_row).toBe(0)
    expect((await ended(user, await submit(user, model))).status).toBe('PROCESSED')
  })
})
