import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it, vi } from 'vitest'
import { ApiError } from '../../../lib/fetch-json.ts'
import type { PlaygroundCall } from '../build-call.ts'
import { fromAsset } from '../sources/source-image.ts'
import { createSubmissions } from './submissions.ts'

const owner = { id: 'usr_1', name: 'Ada', email: 'ada@example.org', role: 'member' } as const
const client = new QueryClient()
const call: PlaygroundCall = { kind: 'generation', fields: { model: 'demo', prompt: 'a fox', n: 2 }, sources: [] }
const lost = new ApiError({ status: 0, code: 'network', message: 'No connection.' })

/** A server whose answers the test gives, one for each call. */
function fakeServer() {
  const keys: string[] = []
  const answers: PromiseWithResolvers<{ id: string; status: string }>[] = []
  return {
    keys,
    answers,
    send: (_call: PlaygroundCall, key: string) => {
      keys.push(key)
      const answer = Promise.withResolvers<{ id: string; status: string }>()
      answers.push(answer)
      return answer.promise
    }
  }
}

describe('submissions', () => {
  it('show a call at once, and until the list has it', async () => {
    const server = fakeServer()
    const submissions = createSubmissions(server)
    const sent = submissions.submit(client, call, owner)
    expect(submissions.list()).toMatchObject([
      { key: server.keys[0], request: { id: server.keys[0], status: 'queued', n: 2, prompt: 'a fox' } }
    ])
    server.answers[0]?.resolve({ id: 'req_1', status: 'QUEUED' })
    await sent
    expect(submissions.list()).toEqual([])
    expect(submissions.screenKeyOf('req_1')).toBe(server.keys[0])
    expect(submissions.isMadeHere('req_1')).toBe(true)
    expect(submissions.isMadeHere('req_2')).toBe(false)
  })

  it('keep the size of the images to come', () => {
    const submissions = createSubmissions(fakeServer())
    const source = fromAsset({ id: 'ast_1', width: 80, height: 60 })
    void submissions.submit(client, { ...call, kind: 'edit', sources: [source] }, owner)
    void submissions.submit(client, { ...call, fields: { ...call.fields, size: '640x480' } }, owner)
    expect(submissions.list().map(({ request }) => request.size)).toEqual([
      { width: 640, height: 480 },
      { width: 80, height: 60 }
    ])
  })

  it('send the same call once while it is on its way, and another one beside it', async () => {
    const server = fakeServer()
    const submissions = createSubmissions(server)
    void submissions.submit(client, call, owner)
    await submissions.submit(client, { ...call, fields: { ...call.fields } }, owner)
    expect(server.keys).toHaveLength(1)
    void submissions.submit(client, { ...call, fields: { ...call.fields, prompt: 'a cat' } }, owner)
    expect(new Set(server.keys).size).toBe(2)
  })

  it('send a lost call again by themselves, with the same key', async () => {
    const server = fakeServer()
    const submissions = createSubmissions({ ...server, pausesMs: [0] })
    const sent = submissions.submit(client, call, owner)
    server.answers[0]?.reject(lost)
    await vi.waitFor(() => expect(server.answers).toHaveLength(2))
    server.answers[1]?.resolve({ id: 'req_1', status: 'QUEUED' })
    await sent
    expect(server.keys).toEqual([server.keys[0], server.keys[0]])
  })

  it('keep what was not answered, and send it again with the same key', async () => {
    const server = fakeServer()
    const submissions = createSubmissions({ ...server, pausesMs: [] })
    const sent = submissions.submit(client, call, owner)
    server.answers[0]?.reject(lost)
    await expect(sent).rejects.toBe(lost)
    expect(submissions.list()).toMatchObject([{ unanswered: lost }])
    const again = submissions.submit(client, call, owner)
    expect(submissions.list()).toMatchObject([{ unanswered: null }])
    server.answers[1]?.resolve({ id: 'req_1', status: 'QUEUED' })
    await again
    expect(server.keys).toEqual([server.keys[0], server.keys[0]])
    expect(submissions.list()).toEqual([])
  })

  it('forget what the server refused, and what is given up', async () => {
    const server = fakeServer()
    const submissions = createSubmissions({ ...server, pausesMs: [] })
    const refusal = new ApiError({ status: 400, code: 'invalid_size', message: 'No.', param: 'size' })
    const sent = submissions.submit(client, call, owner)
    server.answers[0]?.reject(refusal)
    await expect(sent).rejects.toBe(refusal)
    expect(submissions.list()).toEqual([])
    const other = submissions.submit(client, call, owner)
    server.answers[1]?.reject(lost)
    await expect(other).rejects.toBe(lost)
    submissions.discard(server.keys[1] ?? '')
    expect(submissions.list()).toEqual([])
    expect(server.keys[1]).not.toBe(server.keys[0])
  })
})
