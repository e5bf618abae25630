import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callDashboard } from '../support/dashboard-calls.ts'
import type { SystemState } from '../../src/http/dashboard/contract/admin.ts'
import { attemptRow, connectFor, ended, picture, submit } from '../support/agent-work.ts'
import { addPainters } from '../support/webhook-calls.ts'
import { apiErrorOf, readError } from '../support/read-error.ts'
import { generate, getJob, SMALL } from '../support/image-calls.ts'
import { multipart } from '../support/multipart.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser
/** What the disk of the images says it has left. */
let free: number | null = 1e12

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_DISK_RESERVE: '1MiB' } })
  gateway.gateway.context.store.freeBytes = async () => free
  user = await gateway.addUser()
  await addPainters(gateway)
})
afterAll(() => gateway.close())

const submitStatus = async () =>
  (await gateway.call('/v1/images/generations', { key: user.key, json: { ...SMALL, model: 'nobody' } })).status
const untilRefused = () => waitFor(async () => (await submitStatus()) === 503)
const untilTaken = () => waitFor(async () => (await submitStatus()) === 404)

describe('with less free space than the reserve', () => {
  it('refuses new work, whichever way it comes, and answers everything else', async () => {
    const { id } = (await generate(user.client, { async: true })) as unknown as { id: string }
    await ended(user, id)
    free = 1024 ** 2 - 1
    await untilRefused()
    const error = await apiErrorOf(generate(user.client))
    expect(error).toMatchObject({ status: 503, code: 'storage_unavailable' })
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0)
    const form = multipart([
      { name: 'image', filename: 'a.png', body: await picture() },
      { name: 'model', body: 'demo' },
      { name: 'prompt', body: 'a fox' }
    ])
    const batch = { requests: [{ endpoint: '/v1/images/generations', body: SMALL }] }
    for (const call of [
      gateway.call('/v1/images/edits', {
        method: 'POST',
        key: user.key,
        body: new Uint8Array(form.body),
        headers: { 'content-type': form.contentType }
      }),
      gateway.call('/v1/batches', { key: user.key, json: batch }),
      gateway.call(`/v1/jobs/${id}/retry`, { key: user.key, method: 'POST' })
    ]) {
      const response = await call
      expect([response.status, (await readError(response)).code]).toEqual([503, 'storage_unavailable'])
    }
    expect((await getJob(user.client, id)).status).toBe('PROCESSED')
    expect((await gateway.call('/readyz')).status).toBe(200)
    const admin = await gateway.addPerson({ role: 'admin' })
    const { body } = await callDashboard<SystemState>(gateway, admin, 'system')
    expect(body.problems[0]).toContain('INFERENCE_CLUB_DISK_RESERVE')
    free = 1e12
    await untilTaken()
  })

  it('lets what waits wait, takes what was begun, and goes on by itself', async () => {
    const model = 'one at a time'
    const agent = await connectFor(gateway, user, model)
    const first = await submit(user, model)
    const assigned = await agent.received('attempt.assigned')
    const second = await submit(user, model)
    free = 0
    await untilRefused()
    const { attempt_id, token } = assigned
    expect((await agent.put(attempt_id, { token, body: await picture() })).status).toBe(200)
    expect((await attemptRow(gateway, attempt_id)).state).toBe('succeeded')
    expect((await ended(user, first)).status).toBe('PROCESSED')
    expect((await getJob(user.client, second)).status).toBe('QUEUED')
    // What cannot be told changes nothing.
    free = null
    await untilRefused()
    free = 1e12
    await agent.received('attempt.assigned', (message) => message.attempt_id !== attempt_id)
    await agent.close()
  })
})
