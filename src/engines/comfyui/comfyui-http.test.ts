import { afterEach, expect, it } from 'vitest'
import { startSizedServer } from '../../../tests/support/sized-server.ts'
import { createComfyHttp } from './comfyui-http.ts'

const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A client of a server that answers everything with a list of so many bytes, or one without an end. */
async function answering(bytes: number) {
  const server = await startSizedServer({ json: '[]', bytes })
  const http = createComfyHttp({ baseUrl: server.url, maxImageBytes: 1000 })
  closing.push(
    () => server.close(),
    () => http.close()
  )
  return { state: server.state, ask: () => http.get('/queue', new AbortController().signal) }
}

it('reads an answer of as many bytes as it may have', async () => {
  const { ask } = await answering(MAX_ANSWER_BYTES)
  expect((await ask()).json).toEqual([])
})

it('reads no answer of one byte more, and none without an end', async () => {
  const { ask: askMore } = await answering(MAX_ANSWER_BYTES + 1)
  await expect(askMore()).rejects.toMatchObject({ fault: 'bad_output' })
  const { ask, state } = await answering(Infinity)
  await expect(ask()).rejects.toMatchObject({ fault: 'bad_output', message: expect.stringContaining('more bytes') })
  await expect.poll(() => state.isGone).toBe(true)
  expect(state.sent).toBeLessThan(2 * MAX_ANSWER_BYTES)
})
