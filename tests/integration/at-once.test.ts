import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

let gateway: TestGateway
let fakes: FakeModels

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_CALLS_PER_USER: '4',
      INFERENCE_CLUB_LIMITS_STREAMS_PER_USER: '2',
      INFERENCE_CLUB_LIMITS_BYTES_IN_FLIGHT_PER_USER: '10000'
    }
  })
  fakes = await startFakeModels(gateway)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const wrap = wrapUntilTheEnd()

/** How many listen to the bell for requests, jobs and keys, more than when this was called. */
function countListeners(): () => number {
  let listening = 0
  wrap(gateway.database.bell, 'on', (on) => (topic, listener) => {
    const stop = on(topic, listener)
    const counts = topic === 'keys' || topic.startsWith('request')
    if (counts) listening += 1
    return () => {
      if (counts) listening -= 1
      stop()
    }
  })
  return () => listening
}

function begin(path: string, user: { key?: string; cookie?: string }, method = 'GET'): ClientRequest {
  const { key, cookie } = user
  const headers = { ...(key && { authorization: `Bearer ${key}` }), ...(cookie && { cookie }) }
  const call = startRequest(`${gateway.url}${path}`, { method, headers, agent: false })
  call.on('error', () => undefined) // Cut off on purpose.
  return call
}

/** Opens a stream and waits for its first bytes. */
async function openStream(path: string, user: { key?: string; cookie?: string }): Promise<ClientRequest> {
  const call = begin(path, user)
  call.end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  response.on('error', () => undefined)
  await once(response, 'data')
  response.resume()
  return call
}

const status = async (path: string, user: TestUser) => {
  const response = await gateway.call(path, { key: user.key })
  await response.body?.cancel()
  return response.status
}

describe('streams of events', () => {
  it('are as many as one may have, and one more when one is closed', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('hang')
    const id = await jobs.submit({ model: model.id })
    const path = `/v1/jobs/${id}/events`
    const open = [await openStream(path, user), await openStream(path, user)]
    const refused = await gateway.call(path, { key: user.key })
    const error = await readError(refused)
    expect([refused.status, error.code]).toEqual([429, 'rate_limit_exceeded'])
    expect(error.message).toContain('LIMITS_STREAMS_PER_USER')
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await status(`/v1/jobs/${id}`, user)).toBe(200)

    open[0]?.destroy()
    const third = await waitFor(() => openStream(path, user).catch(() => undefined))
    for (const call of [...open, third]) call.destroy()
    await jobs.cancel(id)
  })

  it('of the dashboard are counted with them', async () => {
    const person = await gateway.addPerson()
    const path = '/api/dashboard/events'
    const open = [await openStream(path, person), await openStream(path, person)]
    const refused = await gateway.call(path, { headers: { cookie: person.cookie } })
    expect([refused.status, (await readError(refused)).code]).toEqual([429, 'rate_limit_exceeded'])
    for (const call of open) call.destroy()
  })

  it('leave nothing behind: those that end, are cut off, are never read, or are asked for by their head', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const ended = await jobs.submit({ model: model.id })
    await jobs.ended(ended)
    model.answers('hang')
    const open = await jobs.submit({ model: model.id })
    await jobs.when(open, 'PROCESSING')
    const person = await gateway.addPerson()
    const listeners = countListeners()

    for (let round = 0; round < 20; round++) expect(await status(`/v1/jobs/${ended}/events`, user)).toBe(200)
    for (let round = 0; round < 20; round++) {
      const response = await gateway.call(`/v1/jobs/${open}/events`, { key: user.key, method: 'HEAD' })
      expect(response.status).toBe(405)
    }
    for (const path of [`/v1/jobs/${open}/events`, '/api/dashboard/events']) {
      const who = path.startsWith('/v1') ? user : person
      for (let round = 0; round < 20; round++) {
        const call = begin(path, who)
        call.end()
        await once(call, round % 2 === 0 ? 'finish' : 'response').catch(() => undefined)
        call.destroy()
      }
      await waitFor(() =>
        openStream(path, who)
          .then(
            (call) => call.destroy(),
            () => undefined
          )
          .then(() => true)
      )
    }
    await waitFor(() => listeners() === 0)
    await jobs.cancel(open)
  })
})

describe('calls', () => {
  it('are as many as one may have open, and one more when one is answered', async () => {
    const { user, model } = await fakes.newcomer()
    const other = await fakes.newcomer()
    model.answers('hang', 'hang', 'hang', 'hang')
    const waiting = Array.from({ length: 4 }, () => {
      const left = new AbortController()
      const json = { model: model.id, prompt: 'x' }
      const answer = gateway.call('/v1/images/generations', { key: user.key, json, signal: left.signal })
      return { left, answer: answer.catch(() => undefined) }
    })
    // A call more before all of these have come would take the place of one.
    const asked = gateway.database.db.selectFrom('tasks').select('id').where('model', '=', model.id)
    await waitFor(async () => (await asked.execute()).length === waiting.length)
    const refused = await gateway.call('/v1/models', { key: user.key })
    expect(refused.status).toBe(429)
    const error = await readError(refused)
    expect(error.code).toBe('rate_limit_exceeded')
    expect(error.message).toContain('LIMITS_CALLS_PER_USER')
    expect(await status('/v1/models', other.user)).toBe(200)
    expect((await gateway.call('/healthz')).status).toBe(200)

    waiting[0]?.left.abort()
    await waitFor(async () => (await status('/v1/models', user)) === 200)
    for (const { left } of waiting) left.abort()
    await Promise.all(waiting.map(({ answer }) => answer))
  })

  it('may have so many bytes on their way together', async () => {
    const user = await gateway.addUser()
    const upload = () => {
      const call = startRequest(`${gateway.url}/v1/images/edits`, {
        method: 'POST',
        agent: false,
        headers: {
          authorization: `Bearer ${user.key}`,
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': 6000
        }
      })
      call.on('error', () => undefined) // Cut off on purpose.
      call.write('--b\r\n')
      return call
    }
    const first = upload()
    const json = { model: 'none', prompt: 'x'.repeat(5000) }
    const refused = await waitFor(async () => {
      const response = await gateway.call('/v1/images/generations', { key: user.key, json })
      return response.status === 429 && response
    })
    expect((await readError(refused)).message).toContain('LIMITS_BYTES_IN_FLIGHT_PER_USER')
    const small = await gateway.call('/v1/images/generations', { key: user.key, json: { ...json, prompt: 'x' } })
    expect(small.status).toBe(404)
    first.destroy()
    await waitFor(async () => (await gateway.call('/v1/images/generations', { key: user.key, json })).status === 404)
  })
})
