import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { alike, startAnswering } from '../../../tests/support/answering-server.ts'
import { freePort } from '../../../tests/support/free-port.ts'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { task, useOpenAIEngine } from '../../../tests/support/openai-engine.ts'
import { createOpenAIEngine } from './openai-engine.ts'

const world = useOpenAIEngine()
const { start, generate, failing } = world

/** Until whoever reads it has gone. */
function writeWithoutEnd(response: ServerResponse): { sent: number; isGone: boolean } {
  const state = { sent: 0, isGone: false }
  const piece = Buffer.alloc(64 * 1024, ' ')
  response.once('close', () => (state.isGone = true))
  const more = () => {
    do state.sent += piece.length
    while (!response.destroyed && response.write(piece))
    response.once('drain', more)
  }
  more()
  return state
}

describe('a fault', () => {
  it.each([
    ['error_500', 'crashed', 'The server had an error'],
    ['error_oom', 'out_of_memory', 'CUDA out of memory'],
    ['close_before_headers', 'crashed', 'without an answer'],
    ['close_mid_body', 'bad_output', 'middle of its answer'],
    ['redirect', 'unreachable', 'redirects'],
    ['html_502', 'unreachable', 'stands before the image server'],
    ['html_200', 'unreachable', 'web page is where'],
    ['not_found', 'unreachable', 'does not offer images/generations at the address'],
    ['model_not_found', 'model_missing', "'fake-image' does not exist"],
    ['error_400', 'bad_request', 'divisible by 16'],
    ['detail_text', 'bad_request', 'Too many images for this model.'],
    ['detail_list', 'bad_request', 'Input should be a valid integer'],
    ['moderation_blocked', 'content_rejected', 'safety system'],
    ['error_429', 'busy', 'try again in 12s'],
    ['koboldcpp_busy', 'busy', 'Server is busy']
  ] as const)('%s is %s', async (behaviour, fault, words) => {
    await start()
    await (
      await failing(behaviour)
    ).toMatchObject({ name: 'EngineError', fault, message: expect.stringContaining(words) })
  })

  it('of the key does not tell the key', async () => {
    await start({ requiredApiKey: 'right' }, { apiKey: 'wrong-key' })
    const refused = { fault: 'unreachable', message: 'The image server refused its API key.' }
    await expect(generate()).rejects.toMatchObject(refused)
    await expect(world.engine.describe(new AbortController().signal)).rejects.toMatchObject(refused)
  })

  it('tells neither key nor places that the server blabs', async () => {
    await start({}, { apiKey: 'wrong-key' })
    const error = 'wrong-key at http://10.0.0.3:7860/x: cannot open /home/jo/model.bin'
    await (
      await failing({ name: 'custom', status: 400, body: { error } })
    ).toThrow(/^\[key\] at \[address\] cannot open \[path\]$/)
  })

  it('of an unknown host is unreachable', async () => {
    await start({}, { baseUrl: 'http://no-such-host.invalid' })
    await expect(generate()).rejects.toMatchObject({
      fault: 'unreachable',
      message: expect.not.stringContaining('invalid')
    })
  })
})

describe('an abort', () => {
  it('hangs up on the image server', async () => {
    await start()
    world.server.setBehaviour({ default: 'hang' })
    const abort = new AbortController()
    const work = expect(world.engine.generate(task(), createTestRun({ signal: abort.signal }))).rejects.toThrow(
      'enough'
    )
    await vi.waitUntil(() => world.server.requests.length === 1)
    abort.abort(new Error('enough'))
    await work
    await vi.waitUntil(() => world.server.requests[0]!.abandoned)
  })

  it('ends the wait for an input', async () => {
    await start()
    const abort = new AbortController()
    const run = { ...createTestRun({ signal: abort.signal }), input: async () => new Readable({ read: () => {} }) }
    const inputs = [{ name: 'image0', mediaType: 'image/png', width: 8, height: 8 }]
    const work = expect(world.engine.generate(task({ kind: 'edit', inputs }), run)).rejects.toThrow('enough')
    setImmediate(() => abort.abort(new Error('enough')))
    await work
  })

  it('ends a description', async () => {
    await start()
    world.server.setBehaviour({ models: 'hang' })
    const abort = new AbortController()
    const work = expect(world.engine.describe(abort.signal)).rejects.toThrow('enough')
    await vi.waitUntil(() => world.server.requests.length === 1)
    abort.abort(new Error('enough'))
    await work
  })
})

describe('a description', () => {
  const describeEngine = () => world.engine.describe(new AbortController().signal)

  it('lists the models with the key', async () => {
    await start({ requiredApiKey: 'k', knownModels: ['a', 'org/b'] }, { apiKey: 'k' })
    expect(await describeEngine()).toMatchObject({ models: ['a', 'org/b'] })
    expect(world.server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models'])
  })

  it.each(['not_found', 'html_200', 'empty_data'] as const)('is content without a list: %s', async (behaviour) => {
    await start()
    world.server.setBehaviour({ models: behaviour })
    expect(await describeEngine()).toMatchObject({ models: [], summary: expect.stringContaining('does not list') })
  })

  it('are listed where their names speak of pictures, and the others counted', async () => {
    await start({ knownModels: ['sdxl-turbo', 'other', 'flux1', 'llama3'] })
    expect((await describeEngine()).inventory).toMatchObject({
      models: [{ servedAs: 'sdxl-turbo' }, { servedAs: 'flux1' }],
      unclearModels: ['other', 'llama3']
    })
    await start({ knownModels: ['sdxl-turbo'] })
    expect((await describeEngine()).inventory).not.toHaveProperty('unclearModels')
  })

  it.each([
    ['/wrong', 'http://h/wrong/v1 or http://h/v1'],
    ['/v1', 'http://h/api/v1'],
    ['', 'http://h/api/v1'],
    ['/api/v1/', 'http://h/v1']
  ])(
    'fails where there is neither a list nor a route for images, and says where they may be: %s',
    async (path, there) => {
      const port = await freePort()
      const here = `http://127.0.0.1:${port}`
      await start({ port, basePath: '/elsewhere' }, { baseUrl: `${here}${path}?key=hidden` })
      const root = path.replace(/\/$/, '') || '/v1'
      await expect(describeEngine()).rejects.toMatchObject({
        fault: 'unreachable',
        message: 'The image server does not offer images/generations at the address it was asked at.',
        asked: `${here}${root}/images/generations`,
        remedy: `The service's url is where its API begins, such as ${there.replaceAll('http://h', here)}.`
      })
    }
  )

  it('asks, of a proxy that gives up, whether its server takes too long or is off', async () => {
    type Look =
      'answered' | 'answered after 4 s' | 'answered after 6 s' | 'answered without an end' | 'given up' | 'silent'
    let endless: { sent: number; isGone: boolean } | undefined
    const after = async (status: number, look: Look) => {
      const gaveUp = alike(status, '<html>')
      const baseUrl = await startAnswering((request, response) => {
        if (request.method !== 'GET') setTimeout(() => gaveUp(request, response), 3100)
        else if (look === 'answered') response.end('{}')
        else if (look === 'answered after 4 s') setTimeout(() => response.end('{}'), 4000)
        else if (look === 'answered after 6 s') setTimeout(() => response.end('{}'), 6000)
        else if (look === 'given up') gaveUp(request, response)
        else if (look === 'answered without an end') endless = writeWithoutEnd(response)
      })
      const engine = createOpenAIEngine({ baseUrl, maxImageBytes: 1_000_000 })
      onTestFinished(() => engine.close?.())
      return engine.generate(task({}), createTestRun()).catch((error: unknown) => error)
    }
    const away = (status: number) => ({
      fault: 'unreachable',
      message: expect.stringContaining(`cannot reach it (HTTP ${status})`)
    })
    const tooLong = { fault: 'bad_output', message: expect.stringContaining('did not wait') }
    const lost = { fault: 'crashed', message: expect.stringContaining('lost it while it made the image (HTTP 502)') }
    const cases: [status: number, look: Look, error: object][] = [
      [504, 'answered', tooLong],
      [504, 'answered after 4 s', tooLong],
      [504, 'answered after 6 s', away(504)],
      [504, 'answered without an end', tooLong],
      [504, 'given up', away(504)],
      [504, 'silent', away(504)],
      [502, 'answered', lost],
      [502, 'given up', away(502)],
      [502, 'silent', away(502)]
    ]
    const errors = await Promise.all(cases.map(([status, look]) => after(status, look)))
    expect(errors).toMatchObject(cases.map(([, , error]) => error))
    // Of 64 KiB, and what was under way.
    expect(endless).toMatchObject({ isGone: true })
    expect(endless!.sent).toBeLessThan(32 * 1024 ** 2)
  }, 20_000)

  it('says of a page in place of both that the server behind it may be down', async () => {
    await start({}, { baseUrl: await startAnswering(alike(404, '<!doctype html><title>404</title>')) })
    await expect(describeEngine()).rejects.toMatchObject({
      remedy: expect.stringMatching(/^A web page is there: is the image server behind it down\? The service's url is/)
    })
  })

  it('of a server with a list of nothing and no route for images is a doubt', async () => {
    await start({ routes: [] })
    world.server.setBehaviour({ models: 'empty_data' })
    expect(await describeEngine()).toMatchObject({ models: [], doubt: { fault: 'unreachable' } })
  })

  it('is content with a list that the key may not read, and not when it may have no images either', async () => {
    let mayHaveImages = true
    const baseUrl = await startAnswering((request, response) => {
      const status = request.method === 'POST' && mayHaveImages ? 400 : 403
      response.writeHead(status).end('{"error":{"message":"Forbidden"}}')
    })
    await start({}, { baseUrl })
    expect(await describeEngine()).toMatchObject({ models: [] })
    mayHaveImages = false
    const refused = { fault: 'unreachable', message: 'The image server wants an API key, and none is given: Forbidden' }
    await expect(describeEngine()).rejects.toMatchObject(refused)
  })

  it('fails where another program takes whatever it is asked well, though a list was there before', async () => {
    let isOther = false
    const baseUrl = await startAnswering((_request, response) => {
      response.end(isOther ? '{"status":"ok"}' : '{"data":[{"id":"a"}]}')
    })
    await start({}, { baseUrl })
    expect(await describeEngine()).toMatchObject({ models: ['a'] })
    isOther = true
    for (const isLook of [false, true])
      await expect(world.engine.describe(new AbortController().signal, { isLook })).rejects.toMatchObject({
        fault: 'unreachable',
        message: "The image server does not answer like one that speaks OpenAI's API."
      })
  })

  it('of a server that has unloaded all of its models is asked for nothing beside, as often as it is looked at', async () => {
    await start({ knownModels: ['a'] })
    await describeEngine()
    world.server.setBehaviour({ models: 'empty_data' })
    await world.engine.describe(new AbortController().signal, { isLook: true })
    expect(world.server.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  })

  it.each([
    ['error_500', 'crashed'],
    ['koboldcpp_busy', 'busy'],
    ['close_before_headers', 'unreachable']
  ] as const)('fails when the server does: %s', async (behaviour, fault) => {
    await start()
    world.server.setBehaviour({ models: behaviour })
    await expect(describeEngine()).rejects.toMatchObject({ fault })
  })
})
