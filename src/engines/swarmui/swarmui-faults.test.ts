import { describe, expect, it } from 'vitest'
import { useSwarmEngine } from '../../../tests/support/swarmui-engine.ts'
import { startScriptedServer } from '../../../tests/support/scripted-server.ts'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createSwarmEngine } from './swarmui-engine.ts'

const swarm = useSwarmEngine()
const { start, generate, failing } = swarm
const describeServer = () => swarm.engine.describe(new AbortController().signal)

describe('what the server says', () => {
  it.each([
    ['Timeout! All backends are occupied with other tasks.', 'busy'],
    ['Generation session interrupted.', 'busy'],
    ['No backends available!', 'unreachable'],
    ['ComfyUI execution error: CUDA out of memory. Tried to allocate 2.00 GiB', 'out_of_memory'],
    [
      "All available backends failed to load the model '/home/jo/Models/x.safetensors'.\n\nout of memory",
      'out_of_memory'
    ],
    ["All available backends failed to load the model '/home/jo/Models/x.safetensors'.", 'model_missing'],
    [
      "No backends match the settings of the request given! Backends refused for the following reason(s):\n- Request requires model 'x' but the backend does not have that model",
      'model_missing'
    ],
    ["Invalid value for parameter Model: Invalid model value for param Model - 'x'", 'model_missing'],
    ['You do not have permission to use parameter Images.', 'unreachable'],
    ['Your prompt was refused by the content filter.', 'content_rejected'],
    ['Something went wrong while generating images.', 'crashed'],
    ['No images were generated (all refused, or failed - check server logs for details).', 'crashed'],
    ['', 'crashed']
  ])('%j is %s', async (failJob, fault) => {
    await start()
    swarm.server.control({ failJob })
    await failing().toMatchObject({ fault, message: expect.not.stringMatching(/jo|Models/) })
  })

  it.each([
    ['CFG Scale', 'guidance_scale'],
    ['Width', 'size'],
    ['Init Image Creativity', 'strength']
  ])('of a value of %s names the field %s', async (parameter, param) => {
    await start()
    swarm.server.control({ failJob: `Invalid value for parameter ${parameter}: Invalid decimal value` })
    await failing().toMatchObject({ fault: 'bad_request', param })
  })

  it('of a value of the owner’s is not the caller’s fault', async () => {
    await start()
    swarm.server.control({ failJob: 'Invalid value for parameter VAE: Invalid model value for param VAE' })
    await failing().toMatchObject({ fault: 'model_missing' })
    swarm.server.control({ failJob: 'Invalid value for parameter Refiner Steps: must be between 1 and 200' })
    await failing().toMatchObject({ fault: 'crashed' })
  })
})

describe('a model', () => {
  it.each(['sd_xl', 'fake', 'fake-imag', 'OfficialStableDiffusion/sd_xl_base'])(
    'of which a name holds %j alone is not taken for it',
    async (model) => {
      await start()
      await failing({ model }).toMatchObject({ fault: 'model_missing' })
      expect(swarm.server.state().jobs).toEqual([])
    }
  )

  it('is found with its ending and without', async () => {
    await start()
    await generate({ model: 'OfficialStableDiffusion/sd_xl_base_1.0' })
    await generate({ model: 'OfficialStableDiffusion/sd_xl_base_1.0.safetensors' })
    expect(swarm.server.state().jobs.map(({ model }) => model)).toEqual(
      Array(2).fill('OfficialStableDiffusion/sd_xl_base_1.0.safetensors')
    )
  })

  it('of another name is not taken from an answer', async () => {
    await start()
    swarm.server.control({ described: { model: { name: 'other.safetensors' } } })
    await failing().toMatchObject({ fault: 'model_missing' })
    swarm.server.control({ described: { model: { name: 'x'.repeat(501) } } })
    await failing({ model: 'x'.repeat(501) }).toMatchObject({ fault: 'model_missing' })
  })
})

describe('an account', () => {
  it('is named by its token, in a cookie', async () => {
    await start({ token: 'abc.def.ghi' }, { apiKey: 'abc.def.ghi', headers: { cookie: 'proxy=1' } })
    await generate()
    expect(new Set(swarm.server.state().cookies)).toEqual(new Set(['proxy=1; swarm_token=abc.def.ghi']))
  })

  it('that is not the one that is wanted is told, without the token', async () => {
    await start({ token: 'abc.def.ghi' }, { apiKey: 'wrong-token' })
    await failing().toMatchObject({ fault: 'unreachable', message: 'The image server refused its account.' })
    await expect(describeServer()).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('that may make no images is told', async () => {
    await start({ mayNotGenerate: true })
    await failing().toMatchObject({
      fault: 'unreachable',
      message: 'The image server wants an account, and none is given.'
    })
  })

  it('has a token that nobody is told', async () => {
    await start({}, { apiKey: 'abc.def.ghi' })
    swarm.server.control({ failJob: 'it broke for abc.def.ghi' })
    await failing().toMatchObject({ message: expect.not.stringContaining('abc') })
  })
})

describe('a job', () => {
  it('whose connection breaks is stopped there, and is the machine’s fault', async () => {
    await start()
    swarm.server.control({ cut: true })
    await failing().toMatchObject({ fault: 'crashed' })
    await waitFor(async () => swarm.server.state().statuses[0] === 'interrupted')
    expect((await generate()).seed).toBe(7)
  })

  it('that somebody there stopped comes back later', async () => {
    await start()
    swarm.server.control({ hold: 'queue' })
    const stopped = failing().toMatchObject({ fault: 'busy', retryAfterMs: 30_000 })
    await waitFor(async () => swarm.server.state().statuses[0] === 'waiting')
    const { session_id } = (await (await post('GetNewSession', {})).json()) as { session_id: string }
    await post('InterruptAll', { session_id, other_sessions: true })
    await stopped
  })

  it('that an extension threw away is not tried there again', async () => {
    await start()
    swarm.server.control({ discards: true })
    await failing().toMatchObject({ fault: 'bad_output' })
  })

  it('does not wait for ever behind others, but for our own', async () => {
    await start({}, { times: { patienceMs: 200 } })
    swarm.server.control({ hold: 'step' })
    const first = generate({ seed: 1 })
    await waitFor(async () => swarm.server.state().statuses.includes('working'))
    const run = createTestRun()
    const second = generate({ seed: 2 }, { run })
    await waitFor(async () => swarm.server.state().statuses.length === 2)
    // Twice as long as others are waited for.
    const since = performance.now()
    await waitFor(async () => performance.now() - since > 400)
    expect(run.waited).toBeGreaterThan(1)
    swarm.server.control({ hold: false })
    expect([(await first).seed, (await second).seed]).toEqual([1, 2])

    swarm.server.control({ hold: 'queue' })
    await failing().toMatchObject({ fault: 'busy', retryAfterMs: 30_000 })
    await waitFor(async () => swarm.server.state().statuses.at(-1) === 'interrupted')
  })
})

const post = (route: string, body: object) =>
  fetch(`${swarm.server.url}/API/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })

describe('bounds', () => {
  it('hold for an image, at the limit and one past it', async () => {
    await start()
    const png = (await generate()).png
    const dataUrl = (bytes: number) =>
      `data:image/png;base64,${Buffer.concat([png, Buffer.alloc(bytes - png.length)]).toString('base64')}`
    swarm.server.control({ image: dataUrl(1_000_000) })
    expect((await generate()).png).toHaveLength(1_000_000)
    swarm.server.control({ image: dataUrl(1_000_001) })
    await failing().toMatchObject({ fault: 'bad_output' })
    // More than a message may have.
    swarm.server.control({ image: dataUrl(3_000_000) })
    await failing().toMatchObject({ fault: 'bad_output' })
  })

  it('hold for lists', async () => {
    await start()
    const named = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `m${index}` }))
    swarm.server.control({ listed: named(20_000) })
    expect((await describeServer()).models).toHaveLength(20_000)
    swarm.server.control({ listed: named(20_001) })
    expect((await describeServer()).models).toHaveLength(20_000)
    swarm.server.control({ listed: [{ name: 'x'.repeat(500) }, { name: 'y'.repeat(501) }, null, { name: 7 }] })
    expect((await describeServer()).models).toEqual(['x'.repeat(500)])
  })

  it.each(['data:image/png;base64,AAAA', 'data:text/plain;base64,aGVsbG8=', 'data:image/png,x', '', 7, null])(
    'what is no image is told: %j',
    async (image) => {
      await start()
      swarm.server.control({ image: image ?? '' })
      await failing().toMatchObject({ fault: expect.stringMatching(/bad_output|busy/) })
    }
  )
})

describe('the server', () => {
  it('is described with its version, models and what is loaded', async () => {
    await start()
    expect(await describeServer()).toEqual({
      models: [
        'OfficialStableDiffusion/sd_xl_base_1.0.safetensors',
        'OfficialStableDiffusion/sd_xl_base_1.0',
        'flux1-dev.safetensors',
        'flux1-dev',
        'fake-image.safetensors',
        'fake-image'
      ],
      isWhole: true,
      loaded: ['OfficialStableDiffusion/sd_xl_base_1.0.safetensors', 'OfficialStableDiffusion/sd_xl_base_1.0'],
      summary: 'SwarmUI 0.9.8.2.GIT-062407c7 (models: 3, loaded: 1)',
      inventory: {
        models: [
          expect.objectContaining({ name: 'sd_xl_base_1.0' }),
          expect.objectContaining({ servedAs: 'flux1-dev.safetensors', name: 'flux1-dev' }),
          expect.objectContaining({ name: 'fake-image' })
        ],
        loras: expect.any(Array) as string[]
      }
    })
  })

  it.each(['empty', 'all_disabled'] as const)('is not there for anybody when its backends are %s', async (backends) => {
    await start({ backends })
    await expect(describeServer()).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('is there while its backends are loading', async () => {
    await start({ backends: 'loading' })
    expect((await describeServer()).models).toHaveLength(6)
  })

  it.each([
    [{ html: '<html>login</html>', status: 302, location: '/Login' }, 'unreachable'],
    [{ json: { detail: 'Not Found' }, status: 404 }, 'unreachable'],
    [{ html: '<html>nginx</html>', status: 502 }, 'unreachable'],
    [{ html: '<html>nginx</html>', status: 500 }, 'crashed'],
    [{ json: { session_id: 'x'.repeat(201) } }, 'unreachable'],
    [{ json: { session_id: '../x' } }, 'unreachable'],
    [{ json: [] }, 'unreachable']
  ])('that answers %j is none of these', async (answer, fault) => {
    await start()
    const other = await startScriptedServer({ '*': answer })
    const engine = createSwarmEngine({ baseUrl: other.url, maxImageBytes: 1000, models: [] })
    await expect(engine.describe(new AbortController().signal)).rejects.toMatchObject({ fault })
    await engine.close?.()
    await other.close()
  })
})

it('is of no use while a proxy passes no WebSockets on, which is found when an image is wanted', async () => {
  await start()
  swarm.server.control({ noSocket: true })
  await failing().toMatchObject({ fault: 'unreachable' })
  const fault = { fault: 'unreachable', message: 'The way to the image server lets no WebSocket through (HTTP 400).' }
  await expect(describeServer()).rejects.toMatchObject({ ...fault, remedy: expect.stringContaining('$http_upgrade') })
  swarm.server.control({ noSocket: false })
  expect((await describeServer()).summary).toContain('SwarmUI')
  expect((await generate()).seed).toBe(7)
})
