import { afterEach, expect, it } from 'vitest'
import { startSizedServer } from '../../../tests/support/sized-server.ts'
import { createSwarmHttp } from './swarmui-http.ts'

const MAX_ANSWER_BYTES = 32 * 1024 * 1024
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Asks a server whose answer has so many bytes. */
async function ask(bytes: number) {
  const server = await startSizedServer({ json: '{"session_id":"A"}', bytes })
  const http = createSwarmHttp({ baseUrl: server.url, maxImageBytes: 1000 })
  closing.push(
    () => server.close(),
    () => http.close()
  )
  return http.newSession(new AbortController().signal)
}

it('reads an answer of as many bytes as it may have, and none of one more or without an end', async () => {
  expect((await ask(MAX_ANSWER_BYTES)).facts.id).toBe('A')
  for (const bytes of [MAX_ANSWER_BYTES + 1, Infinity]) {
    await expect(ask(bytes)).rejects.toMatchObject({
      fault: 'bad_output',
      message: expect.stringContaining('more bytes')
    })
  }
})
