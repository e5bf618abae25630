import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readPixels, readSeed } from './fake-openai-pictures.ts'
import { startFakeOpenAIServer } from './fake-openai-server.ts'

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

it('runs as a process of its own that can be told what to do', async () => {
  const main = fileURLToPath(new URL('fake-openai-server-main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '{"defaultSize":{"width":32,"height":16}}'])
  try {
    const lines = createInterface({ input: child.stdout })
    const [line] = (await once(lines, 'line')) as [string]
    const { url } = JSON.parse(line) as { url: string }
    await post(`${url}/__control`, { queue: ['error_429'] })
    expect((await post(`${url}/v1/images/generations`, { prompt: 'a' })).status).toBe(429)
    const answer = await post(`${url}/v1/images/generations`, { prompt: 'b', seed: 4_000_000_000 })
    const { data } = (await answer.json()) as { data: [{ b64_json: string }] }
    const image = Buffer.from(data[0].b64_json, 'base64')
    expect(await readPixels(image)).toMatchObject({ width: 32, height: 16 })
    expect(await readSeed(image)).toBe(4_000_000_000)
    expect((await post(`${url}/v1/images/generations`, { prompt: '[fake:html_502]' })).status).toBe(502)
    const requests = (await (await fetch(`${url}/__requests`)).json()) as { json: { prompt: string } }[]
    expect(requests.map((request) => request.json.prompt)).toEqual(['a', 'b', '[fake:html_502]'])
  } finally {
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }
})

it('says no as OpenAI does', async () => {
  const server = await startFakeOpenAIServer({ knownModels: ['gpt-image-1', 'fake-image'] })
  const error = async (body: unknown) => {
    const answer = await post(`${server.url}/v1/images/generations`, body)
    return { status: answer.status, ...((await answer.json()) as { error: { code: string; param: string } }).error }
  }
  const prompt = 'a'
  expect(await error({ model: 'gpt-image-1', prompt, seed: 1 })).toMatchObject({
    status: 400,
    code: 'unknown_parameter',
    param: 'seed'
  })
  expect(await error({ model: 'gpt-image-1', prompt, response_format: 'url' })).toMatchObject({
    param: 'response_format'
  })
  expect(await error({ model: 'fake-image' })).toMatchObject({ status: 400, param: 'prompt' })
  expect(await error({ model: 'fake-image', prompt, size: 'big' })).toMatchObject({ status: 400, param: 'size' })
  expect(await error({ model: 'other', prompt })).toMatchObject({ status: 404, code: 'model_not_found' })
  await server.close()
})
