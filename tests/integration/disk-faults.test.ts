import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attemptRow, connectFor, ended, picture, submit, unique, usageOf } from '../support/agent-work.ts'
import { failingCommits } from '../support/failing-commits.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const failCommits = failingCommits()

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
})
afterAll(() => gateway.close())

async function assigned() {
  const model = unique('model')
  const agent = await connectFor(gateway, user, model)
  const id = await submit(user, model)
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
  return { agent, id, attemptId, token }
}

describe('the image of an agent whose row cannot be written', () => {
  it('is not left behind, however often it is brought, and is stored once that works', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const before = await storedFiles(gateway.dataDir)
    const body = await picture()
    failCommits({ times: 5 })
    for (let tries = 0; tries < 5; tries++) {
      expect((await agent.put(attemptId, { token, body })).status).toBeGreaterThanOrEqual(500)
      expect(await storedFiles(gateway.dataDir)).toEqual(before)
    }
    expect((await agent.put(attemptId, { token, body })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 1)
    expect(await usageOf(gateway, id)).toHaveLength(1)
    await agent.close()
  })

  it('stays when the row was written though that was said to fail', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const before = await storedFiles(gateway.dataDir)
    const body = await picture()
    failCommits({ times: 1, afterwards: true })
    expect((await agent.put(attemptId, { token, body })).status).toBeGreaterThanOrEqual(500)
    expect((await attemptRow(gateway, attemptId)).state).toBe('succeeded')
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 1)
    expect((await agent.put(attemptId, { token, body })).status).toBe(200)
    const { result } = await ended(user, id)
    const image = await fetch(result!.data[0]!.url)
    expect(Buffer.from(await image.arrayBuffer()).equals(body)).toBe(true)
    await agent.close()
  })
})
