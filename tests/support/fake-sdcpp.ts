import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import sharp from 'sharp'
import { json } from './fake-openai-behaviours.ts'
import { drawEdited, drawGenerated } from './fake-openai-pictures.ts'

export interface FakeSdcppOptions {
  /** Older builds have no native API. */
  isOld?: boolean
  /** Its one model. */
  model?: string
  /** Paths of LoRAs in its folder. */
  loras?: string[]
  /** Makes videos alone. */
  videosOnly?: boolean
}

export interface SdcppSettings {
  /** The next job never ends by itself, or what is held goes on. */
  hold?: boolean
  /** The next job fails with this message. */
  failJob?: string
  /** The next hand-in is answered by it. */
  refuse?: { status: number; body: unknown }
  /** So many looks after jobs break the connection. */
  breakLooks?: number
  /** All jobs are lost, as after a restart; or their results forgotten. */
  lose?: 'restart' | 'expire'
  /** The owner cancels what waits. */
  cancelWaiting?: boolean
  /** Laid over a finished job. */
  result?: unknown
  /** Hand-ins are answered only when this is taken back. */
  slow?: boolean
}

export interface SdcppState {
  /** Bodies of jobs, oldest first. */
  jobs: Record<string, unknown>[]
  statuses: string[]
  /** Hand-ins that have come, answered or not. */
  handIns: number
  /** Status codes of cancels. */
  cancels: number[]
}

export interface FakeSdcpp {
  url: string
  control(settings: SdcppSettings): void
  state(): SdcppState
  close(): Promise<void>
}

interface Job {
  id: string
  body: Record<string, unknown>
  status: 'queued' | 'generating' | 'completed' | 'failed' | 'cancelled'
  isHeld: boolean
  failure?: string
  images: string[]
}

/** stable-diffusion.cpp's server as it is on the wire: one model, one queue; `POST /__control`, `GET /__state`. */
export async function startFakeSdcpp(options: FakeSdcppOptions = {}): Promise<FakeSdcpp> {
  const model = options.model ?? 'tiny-q4_0.gguf'
  const jobs: Job[] = []
  const cancels: number[] = []
  let handIns = 0
  let settings: SdcppSettings = {}
  let forgotten: 404 | 410 | undefined
  let isSlow = Promise.withResolvers<void>()

  const control = (change: SdcppSettings): void => {
    settings = { ...settings, ...change }
    if (change.hold === false) for (const job of jobs) job.isHeld = false
    if (change.lose) forgotten = change.lose === 'restart' ? 404 : 410
    if (change.cancelWaiting) {
      for (const job of jobs) if (job.status === 'queued') job.status = 'cancelled'
    }
    if (change.slow === false) {
      isSlow.resolve()
      isSlow = Promise.withResolvers<void>()
    }
    next().catch(() => undefined)
  }

  /** One at a time, in the order of their coming. */
  const next = async (): Promise<void> => {
    const running = jobs.find(({ status }) => status === 'generating')
    const job = running ?? jobs.find(({ status }) => status === 'queued')
    if (!job || (running && !running.isHeld && running.images.length > 0)) return
    if (!running) job.status = 'generating'
    if (job.isHeld) return
    job.images = [(await draw(job.body)).toString('base64')]
    job.status = job.failure === undefined ? 'completed' : 'failed'
    return next()
  }

  const draw = async (body: Record<string, unknown>): Promise<Buffer> => {
    const { prompt, negative_prompt, lora, sample_params, init_image, mask_image, ref_images = [] } = body
    const round = (side: unknown) => Math.ceil((typeof side === 'number' ? side : 512) / 64) * 64
    const size = { width: round(body.width), height: round(body.height) }
    // −1 would be random; without one it is always the same.
    const seed = typeof body.seed === 'number' ? body.seed : 42
    const drawing = { size, seed, format: 'png' as const }
    const images = [init_image, ...(ref_images as unknown[])].flatMap((image) => decode(image) ?? [])
    const words = JSON.stringify([prompt, negative_prompt, lora, sample_params])
    if (images.length === 0) return drawGenerated({ ...drawing, prompt: words })
    return drawEdited({ ...drawing, images, mask: decode(mask_image), maskReading: 'white' })
  }

  const handIn = async (body: Record<string, unknown>, response: ServerResponse) => {
    handIns += 1
    const { refuse, hold, failJob, ...lasting } = settings
    settings = lasting
    if (lasting.slow) await isSlow.promise
    if (refuse) return json(response, refuse.status, refuse.body)
    const { init_image, mask_image, ref_images = [] } = body
    const images = [init_image, mask_image, ...(ref_images as unknown[])].flatMap((image) => decode(image) ?? [])
    if (!(await Promise.all(images.map(isReadable))).every(Boolean)) {
      return json(response, 400, { error: 'invalid generation parameters' })
    }
    if (jobs.filter(({ status }) => ['queued', 'generating'].includes(status)).length >= 64) {
      return json(response, 429, { error: 'job queue is full' })
    }
    const id = `job_66_${String(jobs.length).padStart(8, '0')}`
    const job: Job = {
      id,
      body,
      status: 'queued',
      isHeld: hold === true,
      images: [],
      ...(failJob && { failure: failJob })
    }
    jobs.push(job)
    json(response, 202, { id, kind: 'img_gen', status: 'queued', created: 1, poll_url: `/sdcpp/v1/jobs/${id}` })
    await next()
  }

  const present = ({ id, status, failure, images }: Job) => ({
    id,
    kind: 'img_gen',
    status,
    queue_position: status === 'queued' ? 1 : 0,
    result:
      status === 'completed'
        ? (settings.result ?? { output_format: 'png', images: images.map((b64_json, index) => ({ index, b64_json })) })
        : null,
    error: failure === undefined ? null : { code: 'generation_failed', message: failure }
  })

  const cancel = (job: Job, response: ServerResponse) => {
    const status = job.status === 'generating' ? 409 : 200
    cancels.push(status)
    if (job.status === 'queued') job.status = 'cancelled'
    return json(response, status, status === 200 ? present(job) : { error: 'job is generating' })
  }

  const route = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = incoming.url ?? ''
    const body =
      incoming.method === 'POST' ? (JSON.parse((await text(incoming)) || '{}') as Record<string, unknown>) : {}
    if (path === '/__control') return (control(body), json(response, 200, {}))
    if (path === '/__state') return json(response, 200, server.state())
    if (path === '/v1/models') return json(response, 200, { data: [{ id: 'sd-cpp-local', object: 'model', owned_by: 'local' }] }) // prettier-ignore
    if (options.isOld) return void response.writeHead(404).end()
    if (path === '/sdcpp/v1/capabilities') return json(response, 200, capabilities())
    if (path === '/sdcpp/v1/img_gen') return handIn(body, response)
    const [, id, verb] = /^\/sdcpp\/v1\/jobs\/([^/]+)(\/cancel)?$/.exec(path) ?? []
    const job = jobs.find((one) => one.id === id)
    if (!job) return void response.writeHead(404).end()
    if (verb) return cancel(job, response)
    if (forgotten) return json(response, forgotten, { error: 'no such job' })
    if ((settings.breakLooks ?? 0) > 0) {
      settings = { ...settings, breakLooks: (settings.breakLooks ?? 0) - 1 }
      return void response.socket?.destroy()
    }
    return json(response, 200, present(job))
  }

  const capabilities = () => ({
    model: { name: model, stem: model.replace(/\.\w+$/, ''), path: `/home/owner/models/${model}` },
    current_mode: options.videosOnly ? 'vid_gen' : 'img_gen',
    supported_modes: [options.videosOnly ? 'vid_gen' : 'img_gen'],
    limits: { min_width: 64, max_width: 4096, min_height: 64, max_height: 4096, max_queue_size: 64 },
    samplers: ['euler', 'euler_a', 'dpm++2m', 'dpm++2mv2'],
    schedulers: ['discrete', 'normal', 'karras', 'sgm_uniform'],
    loras: (options.loras ?? []).map((path) => ({ name: path.replace(/^.*\/|\.\w+$/g, ''), path })),
    features: { cancel_queued: true, cancel_generating: false }
  })

  const http = createServer((incoming, response) => {
    route(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) json(response, 500, { error: 'server_error', message: String(error) })
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: FakeSdcpp = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    control,
    state: () => ({ jobs: jobs.map((job) => job.body), statuses: jobs.map((job) => job.status), handIns, cancels }),
    close: async () => {
      isSlow.resolve()
      http.closeAllConnections()
      if (!http.listening) return
      http.close()
      await once(http, 'close')
    }
  }
  return server
}

const decode = (image: unknown): Buffer | undefined =>
  typeof image === 'string' ? Buffer.from(image.replace(/^data:[^,]*,/, ''), 'base64') : undefined

/** As a build without libwebp reads. */
const isReadable = (image: Buffer): Promise<boolean> =>
  sharp(image)
    .metadata()
    .then(
      ({ format }) => format !== 'webp',
      () => false
    )
