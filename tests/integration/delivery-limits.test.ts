import { once } from 'node:events'
import { request as startRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sleep } from '../../src/lib/async.ts'
import { connectFor, ended, picture, submit, unique } from '../support/agent-work.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { readError } from '../support/read-error.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser
beforeEach(async () => {
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_MAX_OUTPUT_BYTES: '100000',
      INFERENCE_CLUB_LIMITS_BYTES_IN_FLIGHT_PER_USER: '200000',
      INFERENCE_CLUB_LIMITS_SILENCE: '400ms'
    }
  })
  user = await gateway.addUser()
})
afterEach(() => gateway.close())

async function assigned(owner = user) {
  const model = unique('model')
  const agent = await connectFor(gateway, owner, model)
  const id = await submit(owner, model)
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
  return { agent, id, attemptId, token }
}

/** A body whose first half has been sent and whose end comes when the test says so; some of it comes now and then. */
async function halfSent() {
  const bytes = await picture()
  const half = Math.floor(bytes.length / 2)
  let at = half
  let trickle: NodeJS.Timeout | undefined
  const stop = () => clearInterval(trickle)
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes.subarray(0, half))
      trickle = setInterval(() => {
        if (at < bytes.length - 10) controller.enqueue(bytes.subarray(at, ++at))
      }, 100)
    },
    cancel: stop
  })
  return { body, stop }
}

const unfinished = async () =>
  (await storedFiles(gateway.dataDir)).filter((path) => path.startsWith('unfinished')).length

describe('an image on its way', () => {
  it('is the only one of its attempt: a later delivery takes its place', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const sent = []
    for (let i = 0; i < 40; i++) {
      const { body, stop } = await halfSent()
      sent.push(agent.put(attemptId, { token, body }).finally(stop))
      if (i === 0) await waitFor(async () => (await unfinished()) === 1)
    }
    const answers = Promise.allSettled(sent)
    const first = await sent[0]!
    expect(first.status).toBe(429)
    expect(first.headers.get('retry-after')).toBe('1')
    expect((await readError(first)).message).toContain('one image at a time')
    expect((await agent.put(attemptId, { token, body: await picture() })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    for (const answer of await answers) {
      // Whoever came after the end is told that it is stored, without its bytes being looked at.
      if (answer.status === 'fulfilled') expect([200, 429]).toContain(answer.value.status)
    }
    await waitFor(async () => (await unfinished()) === 0)
    await agent.close()
  })

  it('is received no further when its job is canceled', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const { body, stop } = await halfSent()
    const sent = agent.put(attemptId, { token, body }).finally(stop)
    await waitFor(async () => (await unfinished()) === 1)
    await gateway.call(`/v1/jobs/${id}/cancel`, { key: user.key, method: 'POST' })
    const answer = await sent
    expect([answer.status, (await readError(answer)).code]).toEqual([409, 'conflict'])
    expect(await unfinished()).toBe(0)
    await agent.close()
  })

  it('counts against what may be on its way for the owner of the provider, and for nobody else', async () => {
    const works = [await assigned(), await assigned(), await assigned()]
    const bodies = [await halfSent(), await halfSent()]
    const sent = bodies.map(({ body, stop }, index) => {
      const { agent, attemptId, token } = works[index]!
      return agent.put(attemptId, { token, body }).finally(stop)
    })
    await waitFor(async () => (await unfinished()) === 2)
    const { agent, id, attemptId, token } = works[2]!
    const body = await picture()
    const refused = await agent.put(attemptId, { token, body })
    const error = await readError(refused)
    expect([refused.status, error.code]).toEqual([429, 'rate_limit_exceeded'])
    expect(error.message).toContain('LIMITS_BYTES_IN_FLIGHT_PER_USER')

    const other = await assigned(await gateway.addUser())
    expect((await other.agent.put(other.attemptId, { token: other.token, body })).status).toBe(200)

    await gateway.call(`/v1/jobs/${works[0]!.id}/cancel`, { key: user.key, method: 'POST' })
    expect((await sent[0])?.status).toBe(409)
    expect((await agent.put(attemptId, { token, body })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await gateway.call(`/v1/jobs/${works[1]!.id}/cancel`, { key: user.key, method: 'POST' })
    await Promise.all(sent)
    for (const work of [...works, other]) await work.agent.close()
  })

  it('of which nothing more comes is given up, and may be sent again', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const bytes = await picture()
    const body = new ReadableStream({ start: (controller) => controller.enqueue(bytes.subarray(0, 50)) })
    await expect(agent.put(attemptId, { token, body })).rejects.toThrow()
    await waitFor(async () => (await unfinished()) === 0)
    expect((await agent.put(attemptId, { token, body: bytes })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await agent.close()
  })
})

describe('the body of a call', () => {
  const begin = (path: string, contentType: string, text: string) => {
    const call = startRequest(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.key}`, 'content-type': contentType, 'content-length': 5000 }
    })
    call.write(text)
    return call
  }

  it.each([
    ['JSON', '/v1/images/generations', 'application/json', '{"model":'],
    ['JSON with images', '/v1/images/edits', 'application/json', '{"image":"data:image/png;base64,iVBORw0KGgo'],
    ['a form', '/v1/images/edits', 'multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="i']
  ])('that stops coming ends its connection (%s)', async (_what, path, contentType, text) => {
    const [error] = (await once(begin(path, contentType, text), 'error').catch((thrown: unknown) => [thrown])) as [
      Error
    ]
    expect(error.message).toMatch(/hang up|ECONNRESET/)
    await waitFor(async () => (await unfinished()) === 0)
  })

  it('that comes slowly is waited for', async () => {
    const text = JSON.stringify({ model: 'none', prompt: 'x'.repeat(5000 - 30) })
    const call = begin('/v1/images/generations', 'application/json', '')
    const answered = once(call, 'response')
    for (const part of [text.slice(0, 1), text.slice(1, 2), text.slice(2, 3), text.slice(3, 4), text.slice(4, 5)]) {
      call.write(part)
      await sleep(150)
    }
    call.end(text.slice(5).padEnd(4995))
    const [response] = (await answered) as [{ statusCode: number; resume(): void }]
    response.resume()
    expect(response.statusCode).toBe(404)
  })
})
