import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, picture, unique } from '../support/agent-work.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
})
afterAll(() => gateway.close())

/** An edit that an agent has been given, and how it reads the source image with its token. */
async function assignedEdit() {
  const model = unique('model')
  const agent = await connectRawAgent({ url: gateway.url, key: user.key })
  await agent.hello({ name: unique('rig'), services: [{ models: [{ id: model, features: ['generate', 'edit'] }] }] })
  const image_url = `data:image/png;base64,${(await picture()).toString('base64')}`
  const json = { model, prompt: 'rain', size: '40x24', async: true, images: [{ image_url }] }
  const response = await gateway.call('/v1/images/edits', { key: user.key, json })
  const { id } = (await response.json()) as { id: string }
  const { attempt_id: attemptId, token, task } = await agent.received('attempt.assigned')
  const readInput = async (by = token) => {
    const path = `/api/agent/attempts/${attemptId}/inputs/${task.inputs[0]!.name}`
    const answer = await gateway.call(path, { headers: { authorization: `Bearer ${by}` } })
    await answer.arrayBuffer()
    return answer.status
  }
  return { agent, id, attemptId, token, readInput }
}

describe('the token of a lease reads the source images', () => {
  it('while the work goes on, and by no other token', async () => {
    const { agent, readInput } = await assignedEdit()
    expect(await readInput()).toBe(200)
    expect(await readInput('ic_another')).toBe(404)
    expect(await readInput(user.key)).toBe(404)
    await agent.close()
  })

  it('no more when the image is delivered', async () => {
    const { agent, id, attemptId, token, readInput } = await assignedEdit()
    expect((await agent.put(attemptId, { token, body: await picture() })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    expect(await readInput()).toBe(409)
    await agent.close()
  })

  it('no more when the job is canceled', async () => {
    const { agent, id, attemptId, readInput } = await assignedEdit()
    await gateway.call(`/v1/jobs/${id}/cancel`, { key: user.key, method: 'POST' })
    await agent.received('attempt.cancel', ({ attempt_id }) => attempt_id === attemptId)
    expect(await readInput()).toBe(409)
    await agent.close()
  })

  it('no more when the work has failed', async () => {
    const { agent, id, attemptId, token, readInput } = await assignedEdit()
    agent.send({ type: 'attempt.failed', attempt_id: attemptId, token, fault: 'bad_request', message: 'No.' })
    expect((await ended(user, id)).status).toBe('FAILED')
    expect(await readInput()).toBe(409)
    await agent.close()
  })
})
