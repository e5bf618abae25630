import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import sharp from 'sharp'
import { json } from './fake-openai-behaviours.ts'
import { FakeJobs } from './fake-sdapi-jobs.ts'
import { CALL_DEFAULTS, decode, drawCall, type SdapiCall } from './fake-sdapi-pictures.ts'

const PAGE = '<!doctype html><title>Stable Diffusion</title><script>window.gradio_config = {}</script>'

export interface FakeSdapiOptions {
  /**
   * `a1111`: all of it. `nowebui`: without the page and its `/internal`. `off`: started without `--api`. `koboldcpp` and
   * `drawthings`: imitators, which have a part of it.
   */
  profile?: 'a1111' | 'nowebui' | 'off' | 'koboldcpp' | 'drawthings'
  /** `user:password` of `--api-auth`. */
  auth?: string
  /** Files in its folder, the first is loaded; without a hash as long as the server has not counted it. */
  checkpoints?: { file: string; hash?: string }[]
  /** The owner's `samples_format`. */
  format?: 'png' | 'jpeg'
  /** A grid comes before the image and a map behind it. */
  surrounds?: boolean
  stepMs?: number
  /** Of the extension that lists them; absent: it is not there. */
  loras?: string[]
  /** Of its graphics card, bytes. */
  memory?: { free: number; total: number }
}

export interface SdapiSettings {
  /** The next job stops in its middle; false: what is held goes on. */
  hold?: boolean
  /** The owner's own picture begins in the page, and is held. */
  owners?: boolean
  /** The owner stops what runs. */
  interrupt?: boolean
  /** The next image call is answered by it. */
  fail?: { status: number; body: unknown } | null
  /** The next image call: the connection breaks. */
  hangUp?: boolean
  /** Images are made with this checkpoint, whatever is asked for; `silent`: and nothing is said of it. */
  usesAnyway?: { file: string; silent?: boolean } | null
  /** A checkpoint that is chosen is being loaded until this is false. */
  loads?: boolean
  /** Settings stay as they are, and it says nothing of that. */
  keepsSettings?: boolean
  /** Laid over the answer to the next image call. */
  answer?: Record<string, unknown> | null
}

export interface SdapiState {
  calls: { path: string; body: Partial<SdapiCall> & Record<string, unknown> }[]
  /** Networks that prompts have loaded. */
  loaded: string[]
  interrupts: string[]
  /** What runs. */
  current: string | null
  pending: number
  /** Files that were left in the owner's folder. */
  saved: number
  /** Of its settings, and what it has in memory. */
  checkpoint: string
  inMemory: string
  /** Calls that asked for progress. */
  progressCalls: number
  /** Tasks whose progress or preview was given away. */
  shown: string[]
}

export interface FakeSdapi {
  url: string
  control(settings: SdapiSettings): void
  state(): SdapiState
  close(): Promise<void>
}

const SAMPLERS = [
  { name: 'Euler', aliases: ['k_euler', 'euler'], options: {} },
  { name: 'Euler a', aliases: ['k_euler_a', 'k_euler_ancestral'], options: {} },
  { name: 'DPM++ 2M', aliases: ['k_dpmpp_2m'], options: {} }
]
const SCHEDULERS = [
  { name: 'automatic', label: 'Automatic', aliases: null },
  { name: 'uniform', label: 'Uniform', aliases: null },
  { name: 'karras', label: 'Karras', aliases: null },
  { name: 'sgm_uniform', label: 'SGM Uniform', aliases: ['SGMUniform'] }
]
const DRAW_THINGS = { model: 'dream.ckpt', width: 128, height: 128, steps: 4, guidance_scale: 5, strength: 0.7, sampler: 'Euler A', seed: 1, batch_count: 1, batch_size: 1 } // prettier-ignore

/** stable-diffusion-webui as it is on the wire, or one of its imitators; `POST /__control`, `GET /__state`. */
export async function startFakeSdapi(options: FakeSdapiOptions = {}): Promise<FakeSdapi> {
  const {
    profile = 'a1111',
    format = 'png',
    checkpoints = [{ file: 'dream.safetensors', hash: '0123456789' }]
  } = options
  const jobs = new FakeJobs(options.stepMs ?? 2)
  const state: Omit<SdapiState, 'interrupts' | 'current' | 'pending' | 'checkpoint' | 'inMemory'> = {
    calls: [],
    loaded: [],
    saved: 0,
    progressCalls: 0,
    shown: []
  }
  const titleOf = ({ file, hash }: { file: string; hash?: string }) => (hash ? `${file} [${hash}]` : file)
  let loaded = checkpoints[0]!
  /** Of its settings. */
  let chosen = loaded
  let loading = Promise.withResolvers<void>()
  let settings: SdapiSettings = {}

  const control = (change: SdapiSettings): void => {
    settings = { ...settings, ...change }
    if (change.hold === true) jobs.holdNext()
    if (change.hold === false) jobs.release()
    if (change.owners) jobs.startOwners()
    if (change.interrupt) jobs.interrupt()
    if (change.loads === false) {
      loading.resolve()
      loading = Promise.withResolvers()
    }
  }
  const find = (name: unknown) =>
    checkpoints.find((one) => [titleOf(one), one.file, one.file.replace(/\.\w+$/, ''), one.hash].includes(String(name)))

  const make = async (call: SdapiCall): Promise<{ image: Buffer; used: (typeof checkpoints)[number] }> => {
    const id = call.force_task_id ?? `task(${state.calls.length})`
    return jobs.run({ id, isOwners: false, steps: call.steps }, async (job) => {
      // An unknown one is dropped without a word.
      loaded = find(call.override_settings.sd_model_checkpoint) ?? chosen
      if (settings.usesAnyway) loaded = find(settings.usesAnyway.file)!
      const used = loaded
      state.loaded.push(...[...call.prompt.matchAll(/<(\w+:[^>]+)>/g)].map(([, network = '']) => network))
      if (call.save_images) state.saved += 1
      // What is loaded stays, and of the settings only what is asked to.
      if (!call.override_settings_restore_afterwards) chosen = loaded
      return { image: await drawCall(call, { model: used.file, step: job.step, format }), used }
    })
  }

  const makeImage = async (
    path: string,
    sent: Partial<SdapiCall> & Record<string, unknown>,
    response: ServerResponse
  ) => {
    state.calls.push({ path, body: sent })
    const { fail, answer, hangUp } = settings
    settings = { ...settings, fail: null, answer: null, hangUp: false }
    if (hangUp) return response.socket?.destroy()
    if (fail) {
      response.writeHead(fail.status, {
        'content-type': typeof fail.body === 'string' ? 'text/plain' : 'application/json'
      })
      return response.end(typeof fail.body === 'string' ? fail.body : JSON.stringify(fail.body))
    }
    const isEdit = path.endsWith('img2img')
    const refusal = profile === 'drawthings' ? await refuseFlat(sent) : refuse(sent, isEdit)
    if (refusal) return json(response, refusal.status, refusal.body)
    if (profile === 'koboldcpp' && jobs.current) {
      return json(response, 503, {
        detail: { msg: 'Server is busy; please try again later.', type: 'service_unavailable' }
      })
    }
    const call = { ...CALL_DEFAULTS, ...sent } as SdapiCall
    const { image, used } = await make(call)
    const b64 = image.toString('base64')
    if (profile === 'drawthings') return json(response, 200, { images: [b64] })
    if (profile === 'koboldcpp') return json(response, 200, { images: [b64], parameters: {}, info: '' })
    const grid = await flat(8, [1, 2, 3])
    const isSilent = settings.usesAnyway?.silent === true
    const info = {
      seed: call.seed,
      all_seeds: [call.seed],
      width: call.width,
      height: call.height,
      ...(!isSilent && { sd_model_name: used.file.replace(/\.\w+$/, ''), sd_model_hash: used.hash ?? null }),
      infotexts: [`${call.prompt}\nSteps: ${call.steps}`],
      index_of_first_image: options.surrounds ? 1 : 0
    }
    return json(response, 200, {
      images: options.surrounds ? [grid, b64, grid] : [b64],
      parameters: { ...call, init_images: null, mask: null },
      info: JSON.stringify(info),
      ...answer
    })
  }

  const gets: Record<string, () => unknown> = {
    '/sdapi/v1/options': () =>
      profile === 'drawthings'
        ? DRAW_THINGS
        : {
            samples_format: format,
            sd_model_checkpoint: titleOf(chosen),
            ...(profile !== 'koboldcpp' && { enable_pnginfo: true, CLIP_stop_at_last_layers: 1 })
          },
    ...(profile !== 'drawthings' && {
      '/sdapi/v1/sd-models': () =>
        checkpoints.map((one) => ({
          title: titleOf(one),
          model_name: one.file.replace(/\.\w+$/, '').replaceAll('/', '_'),
          hash: one.hash ?? null,
          sha256: null,
          filename: `/home/owner/models/Stable-diffusion/${one.file}`,
          config: null
        })),
      '/sdapi/v1/samplers': () => SAMPLERS
    }),
    ...(['a1111', 'nowebui'].includes(profile) && {
      '/sdapi/v1/schedulers': () => SCHEDULERS,
      '/sdapi/v1/progress': () => globalProgress(jobs),
      ...(options.loras && {
        '/sdapi/v1/loras': () => options.loras?.map((name) => ({ name, alias: name, path: `/x/${name}`, metadata: {} }))
      }),
      ...(options.memory && {
        '/sdapi/v1/memory': () => ({ ram: { free: 1, total: 2 }, cuda: { system: options.memory } })
      })
    })
  }

  /** The same as before is no change, whatever is loaded. */
  const changeSettings = async ({ sd_model_checkpoint: name }: Record<string, unknown>, response: ServerResponse) => {
    const found = find(name)
    if (!found) return json(response, 500, { error: 'RuntimeError', errors: `model '${String(name)}' not found` })
    if (settings.loads) await loading.promise
    if (found !== chosen && !settings.keepsSettings) loaded = chosen = found
    return json(response, 200, null)
  }

  const route = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = ''] = (incoming.url ?? '').split('?')
    const body =
      incoming.method === 'POST' ? (JSON.parse((await text(incoming)) || '{}') as Record<string, unknown>) : {}
    if (path === '/__control') return (control(body), json(response, 200, {}))
    if (path === '/__state') return json(response, 200, server.state())
    const isAllowed = options.auth === undefined || incoming.headers.authorization === `Basic ${Buffer.from(options.auth).toString('base64')}` // prettier-ignore
    if (profile !== 'off' && path.startsWith('/sdapi/') && !isAllowed) {
      return json(response, 401, { detail: 'Incorrect username or password' })
    }
    if (path === '/' && (profile === 'a1111' || profile === 'off')) {
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
    }
    const get = profile === 'off' || incoming.method !== 'GET' ? undefined : gets[path]
    if (get) return json(response, 200, get())
    if (incoming.method === 'POST' && profile !== 'off') {
      if (/^\/sdapi\/v1\/(?:txt2img|img2img)$/.test(path)) return void (await makeImage(path, body, response))
      if (path === '/sdapi/v1/options' && ['a1111', 'nowebui'].includes(profile)) {
        return void (await changeSettings(body, response))
      }
      if (path === '/internal/progress' && profile === 'a1111') {
        state.progressCalls += 1
        if (jobs.current && jobs.current.id === body.id_task) state.shown.push(jobs.current.id)
        return json(response, 200, await taskProgress(jobs, body))
      }
      if (path === '/sdapi/v1/interrupt' && ['a1111', 'nowebui'].includes(profile)) {
        return (jobs.interrupt(), json(response, 200, {}))
      }
    }
    return json(response, 404, { detail: 'Not Found' })
  }

  const http = createServer((incoming, response) => {
    route(incoming, response).catch((error: unknown) => {
      if (!response.headersSent)
        json(response, 500, { error: 'Exception', detail: '', body: '', errors: String(error) })
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: FakeSdapi = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    control,
    state: () => ({
      ...state,
      interrupts: jobs.interrupts,
      current: jobs.current?.id ?? null,
      pending: jobs.pending.size,
      checkpoint: chosen.file,
      inMemory: loaded.file
    }),
    close: async () => {
      jobs.release()
      loading.resolve()
      http.closeAllConnections()
      if (!http.listening) return
      http.close()
      await once(http, 'close')
    }
  }
  return server
}

interface Refusal {
  status: number
  body: unknown
}

function refuse(sent: Partial<SdapiCall>, isEdit: boolean): Refusal | undefined {
  const wrong = (['steps', 'width', 'height', 'seed'] as const).find(
    (name) => sent[name] !== undefined && !Number.isInteger(sent[name])
  )
  const msg = 'value is not a valid integer'
  if (wrong) return { status: 422, body: { detail: [{ loc: ['body', wrong], msg, type: 'type_error.integer' }] } }
  if (isEdit && !sent.init_images) return { status: 404, body: { detail: 'Init image not found' } }
  return undefined
}

/** Draw Things takes no setting that it does not have, and a picture of its size alone. */
async function refuseFlat(sent: Record<string, unknown>): Promise<Refusal | undefined> {
  const no = (detail: string) => ({ status: 422, body: { error: 'HTTPException', detail, body: '', errors: '' } })
  const known = [...Object.keys(DRAW_THINGS), 'prompt', 'negative_prompt', 'init_images']
  const strange = Object.keys(sent).find((name) => !known.includes(name))
  if (strange) return no(`Unrecognized parameter: ${strange}`)
  const { init_images: images } = sent as Partial<SdapiCall>
  if (!images) return undefined
  const { width, height } = await sharp(decode(images[0] ?? '')).metadata()
  return width === sent.width && height === sent.height ? undefined : no('init image size does not match')
}

/** Between its begin and its first step the numbers are odd. */
function globalProgress({ current, timestamp, isInterrupted }: FakeJobs) {
  const isOdd = current !== undefined && current.step < 2
  const { step = 0, steps = 0, isOwners = false } = current ?? {}
  return {
    progress: current ? (isOdd ? -0.3 : step / steps) : 0,
    eta_relative: 1,
    state: {
      skipped: false,
      interrupted: isInterrupted,
      stopping_generation: false,
      job: current ? (isOwners ? 'task(owner)' : 'scripts_txt2img') : '',
      job_count: current ? (isOdd ? -1 : 1) : 0,
      job_timestamp: String(timestamp),
      job_no: 0,
      sampling_step: step,
      sampling_steps: steps
    },
    current_image: null,
    textinfo: null
  }
}

async function taskProgress({ current, pending, finished }: FakeJobs, body: Record<string, unknown>) {
  const id = String(body.id_task)
  const active = current?.id === id
  const isNew = active && body.id_live_preview !== current.step && current.step > 1
  return {
    active,
    queued: pending.has(id),
    completed: finished.includes(id),
    progress: active ? current.step / current.steps : null,
    eta: null,
    live_preview: isNew ? `data:image/png;base64,${await flat(16, [current.step, 0, 200])}` : null,
    id_live_preview: active ? current.step : -1,
    textinfo: active ? '' : 'Waiting...'
  }
}

const flat = async (side: number, [r = 0, g = 0, b = 0]: number[]): Promise<string> => {
  const create = { width: side, height: side, channels: 3 as const, background: { r, g, b } }
  return (await sharp({ create }).png().toBuffer()).toString('base64')
}
