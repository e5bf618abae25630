import { describe, expect, it, onTestFinished } from 'vitest'
import { readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { type ScriptedAnswer, startScriptedServer } from '../../../tests/support/scripted-server.ts'
import { useSdapiEngine } from '../../../tests/support/sdapi-engine.ts'
import { createAutomatic1111Engine } from './automatic1111-engine.ts'

const world = useSdapiEngine()
const { start, generate } = world
const describeServer = () => world.engine.describe(new AbortController().signal)

describe('a fault', () => {
  it.each([
    ['A1111 out of memory', 500, { error: 'OutOfMemoryError', detail: '', body: '', errors: 'CUDA out of memory. Tried to allocate 2 GiB' }, 'out_of_memory', 'CUDA out of memory'], // prettier-ignore
    ['Forge out of memory', 500, { detail: 'torch.OutOfMemoryError: HIP out of memory' }, 'out_of_memory', 'HIP out of memory'], // prettier-ignore
    ['an exception', 500, { error: 'NansException', detail: '', body: '', errors: 'A tensor with all NaNs was produced in Unet.' }, 'crashed', 'NaNs'], // prettier-ignore
    ['a bare exception', 500, 'Internal Server Error', 'crashed', 'Internal Server Error'],
    ['a page of a proxy', 502, '<html><body>Bad gateway</body></html>', 'unreachable', 'stands before'],
    ['a page of its own', 500, '<html><body>Internal error</body></html>', 'crashed', 'web page'],
    ['a wrong value', 422, { detail: [{ loc: ['body', 'steps'], msg: 'value is not a valid integer' }] }, 'bad_request', 'integer'], // prettier-ignore
    ['an old sampler', 400, { detail: 'Sampler not found' }, 'bad_request', 'Sampler not found'],
    ["the owner's script", 422, { detail: 'always on script ADetailer not found' }, 'crashed', "provider's settings"],
    ['no model', 404, { detail: 'Model not found' }, 'model_missing', 'Model not found'],
    ['a busy imitator', 503, { detail: { msg: 'Server is busy; please try again later.' } }, 'busy', 'Server is busy'],
    ['no such call', 404, { detail: 'Not Found' }, 'unreachable', 'does not offer'],
    ['an unreadable init image', 500, { error: 'HTTPException', detail: 'Invalid encoded image', body: '', errors: '500: Invalid encoded image' }, 'crashed', 'Invalid encoded image'], // prettier-ignore
    ['a redirect', 302, '', 'unreachable', 'redirects']
  ])('%s', async (_what, status, body, fault, words) => {
    await start()
    world.server.control({ fail: { status, body } })
    await expect(generate()).rejects.toMatchObject({ fault, message: expect.stringContaining(words) })
  })

  it("names the caller's field", async () => {
    await start()
    const body = { detail: [{ loc: ['body', 'cfg_scale'], msg: 'value is not a valid float' }] }
    world.server.control({ fail: { status: 422, body } })
    await expect(generate()).rejects.toMatchObject({ fault: 'bad_request', param: 'guidance_scale' })
  })

  it('tells no path', async () => {
    await start()
    world.server.control({ fail: { status: 500, body: { error: 'OSError', errors: 'cannot open /home/jo/a.ckpt' } } })
    await expect(generate()).rejects.toThrow(/^The image server failed: cannot open \[path\]$/)
  })

  it('of a connection that breaks is a crash', async () => {
    await start()
    world.server.control({ hangUp: true })
    await expect(generate()).rejects.toMatchObject({ fault: 'crashed' })
  })

  it('says what to do when the API is off', async () => {
    await start({ profile: 'off' })
    const off = { fault: 'unreachable', message: expect.stringContaining('--api') }
    await expect(describeServer()).rejects.toMatchObject(off)
    await expect(generate()).rejects.toMatchObject(off)
  })

  it.each<[answer: ScriptedAnswer, message: string, remedy: string]>([
    [
      { json: [] },
      'does not answer like stable-diffusion-webui: another program is there.',
      "Is the service's url right?"
    ],
    [{ json: {} }, 'another program is there.', 'doctor'],
    [{ json: { status: 'ok' } }, 'another program is there.', 'doctor'],
    [{ status: 404, json: {} }, "does not offer stable-diffusion-webui's API.", 'Start it with --api, or correct'],
    [{ status: 405 }, "does not offer stable-diffusion-webui's API.", 'if another program is there']
  ])('tells a program that answers with %j from a server without its API', async (answer, message, remedy) => {
    const program = await startScriptedServer({ '*': answer })
    onTestFinished(() => program.close())
    const engine = createAutomatic1111Engine({ baseUrl: program.url, maxImageBytes: 1000 })
    onTestFinished(() => engine.close?.())
    await expect(engine.describe(new AbortController().signal)).rejects.toMatchObject({
      fault: 'unreachable',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy)
    })
  })

  it('of the password does not tell it', async () => {
    await start({ auth: 'owner:right' })
    await expect(generate()).rejects.toMatchObject({
      fault: 'unreachable',
      message: expect.not.stringContaining('right')
    })
    await expect(describeServer()).rejects.toMatchObject({ fault: 'unreachable' })
  })
})

it('signs in with the user name of its address', async () => {
  await start({ auth: 'owner:right' })
  const url = world.server.url.replace('//', '//owner:right@')
  const engine = createAutomatic1111Engine({ baseUrl: url, maxImageBytes: 1000 })
  expect(await engine.describe(new AbortController().signal)).toMatchObject({
    models: expect.arrayContaining(['dream'])
  })
  await engine.close?.()
})

describe('an answer', () => {
  it('with a grid before and a map behind the image has one image', async () => {
    await start({ surrounds: true })
    expect(await readSeed((await generate()).png)).toBe(7)
  })

  it('of another format is told by its content', async () => {
    await start({ format: 'jpeg' })
    expect(await generate()).toMatchObject({ mediaType: 'image/jpeg' })
  })

  it.each([
    ['no image', { images: [] }],
    ['no list', { images: null }],
    ['an empty image', { images: [''] }],
    ['text', { images: ['hello'] }],
    ['a number', { images: [7] }],
    ['half a picture', { images: ['iVBORw0KGgo='] }]
  ])('with %s is bad output', async (_what, answer) => {
    await start()
    world.server.control({ answer })
    await expect(generate()).rejects.toMatchObject({ fault: 'bad_output' })
  })

  it('may be as large as an image, and no larger', async () => {
    await start({}, { maxImageBytes: 20_000 })
    const { png } = await generate()
    expect(png.length).toBeLessThan(20_000)
    world.server.control({ answer: { images: [Buffer.alloc(20_001).toString('base64')] } })
    await expect(generate()).rejects.toMatchObject({
      fault: 'bad_output',
      message: expect.stringContaining('more bytes')
    })
    world.server.control({ answer: { images: ['a'.repeat(2_000_000)] } })
    await expect(generate()).rejects.toMatchObject({
      fault: 'bad_output',
      message: expect.stringContaining('more bytes')
    })
  })

  it.each([['absent'], [''], ['{'], ['[]'], [null], [{ seed: 'x', all_seeds: 'y', index_of_first_image: 99 }]])(
    'may say %j of its image',
    async (info) => {
      await start()
      world.server.control({ answer: { info } })
      expect(await generate()).toMatchObject({ seed: 7, warnings: [] })
    }
  )
})
