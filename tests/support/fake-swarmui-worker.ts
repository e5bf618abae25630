import type { WebSocket } from 'ws'
import { drawEdited, drawGenerated } from './fake-openai-pictures.ts'

export interface FakeSwarmModel {
  name: string
  /** Its architecture. */
  kind: string
  side: number
  loaded: boolean
}

export interface SwarmSettings {
  /** Jobs stop at their first step, or no backend is free for them; false lets them go on. */
  hold?: 'step' | 'queue' | false
  /** The next job fails with this. */
  failJob?: string
  /** The next job's connection is cut while it works. */
  cut?: boolean
  /** All sessions are forgotten, as after a restart. */
  forgetSessions?: boolean
  /** A proxy that lets no WebSocket through. */
  noSocket?: boolean
  /** Saves what it is told not to. */
  saves?: boolean
  /** Answers with this in place of an image. */
  image?: unknown
  /** The result is nested, as its documents have it. */
  nested?: boolean
  /** Pictures are made on the way, and an extension throws the result away. */
  intermediate?: boolean
  discards?: boolean
  /** A preview of so many bytes. */
  previewBytes?: number
  /** Answered in place of what there is. */
  listed?: unknown
  described?: object
  /** Messages beside its own. */
  junk?: unknown[]
  /** Says that it loads models, and does not. */
  loadsNothing?: boolean
  /** Models are being loaded until this is false. */
  loads?: boolean
  /** Interrupts that come before this is false find nothing to stop. */
  deaf?: boolean
}

interface Job {
  session: string
  body: Record<string, unknown>
  socket: WebSocket
  status: 'waiting' | 'working' | 'done' | 'failed' | 'interrupted'
}

export type FakeSwarmWorker = ReturnType<typeof createFakeSwarmWorker>

/** The name that SwarmUI takes for what it is asked for: the same, else the shortest that holds it. */
export function findLike(names: readonly string[], asked: string): string | undefined {
  const clean = (name: string) => name.toLowerCase().replace(/\.safetensors$/, '')
  const like = names.filter((name) => clean(name).includes(clean(asked)))
  return names.find((name) => clean(name) === clean(asked)) ?? like.sort((one, other) => one.length - other.length)[0]
}

/** One backend and what waits for it. */
export function createFakeSwarmWorker(known: { models: FakeSwarmModel[]; loras: string[]; folder: string }) {
  const jobs: Job[] = []
  const files = new Map<string, Buffer>()
  let settings: SwarmSettings = {}
  let wake = Promise.withResolvers<void>()

  const status = (session: string) => {
    const own = jobs.filter((job) => job.session === session)
    const count = (one: Job['status']) => own.filter((job) => job.status === one).length
    const working = count('working')
    return {
      status: {
        waiting_gens: count('waiting') + working,
        loading_models: 0,
        waiting_backends: count('waiting'),
        live_gens: working
      },
      supported_features: []
    }
  }
  const tell = ({ socket }: Job, message: unknown) => socket.send(JSON.stringify(message))
  const tellStatus = (job: Job) => tell(job, { ...status(job.session), backend_status: { status: 'running' } })

  /** `parameter: value` of the prompt's tags, as `<param[steps]:5>` sets them. */
  const withTags = (body: Record<string, unknown>): Record<string, unknown> => {
    const set = { ...body }
    for (const [, name = '', value] of String(body.prompt).matchAll(/<param\[(\w+)\]:([^<>]*)>/g)) set[name] = value
    return set
  }

  const draw = (given: Record<string, unknown>): Promise<Buffer> => {
    const body = withTags(given)
    const size = { width: Number(body.width), height: Number(body.height) }
    const drawing = { size, seed: Number(body.seed), format: 'png' as const }
    const { prompt, negativeprompt, model, loras, loraweights, steps } = body
    const images = [body.initimage, ...((body.promptimages ?? []) as unknown[])].flatMap(decode)
    if (images.length === 0) {
      const words = [
        prompt,
        negativeprompt,
        findLike(
          known.models.map(({ name }) => name),
          String(model)
        ),
        loras,
        loraweights,
        steps
      ]
      return drawGenerated({ ...drawing, prompt: JSON.stringify(words) })
    }
    return drawEdited({ ...drawing, images, mask: decode(body.maskimage)[0], maskReading: 'white' })
  }

  const isOver = (job: Job) => job.status !== 'working' && job.status !== 'waiting'
  /** Until what holds jobs there lets this one go, or it is interrupted. */
  const held = async (job: Job, at: 'step' | 'queue') => {
    while (settings.hold === at && !isOver(job)) await wake.promise
  }

  const finish = (job: Job) => {
    tellStatus(job)
    tell(job, { discard_indices: settings.discards ? [0] : [] })
    tell(job, { socket_intention: 'close' })
  }

  const work = async (job: Job): Promise<void> => {
    tellStatus(job)
    if (
      findLike(
        known.models.map(({ name }) => name),
        String(job.body.model)
      ) === undefined
    ) {
      return fail(
        job,
        `Invalid value for parameter Model: Invalid model value for param Model - '${String(job.body.model)}'`
      )
    }
    await held(job, 'queue')
    while (jobs.some((other) => other !== job && other.status === 'working') && !isOver(job)) await wake.promise
    if (isOver(job)) return
    job.status = 'working'
    tellStatus(job)
    for (const message of settings.junk ?? []) tell(job, message)
    const steps = Number(job.body.steps ?? 20)
    for (let step = 1; step <= Math.min(steps, 5); step++) {
      const preview = step === 2 || settings.previewBytes !== undefined ? { preview: await drawPreview(job.body) } : {}
      const progress = {
        batch_index: '0',
        request_id: '1',
        overall_percent: 0.5,
        current_percent: step / steps,
        ...preview
      }
      tell(job, { gen_progress: progress })
      if (step === 1) {
        await held(job, 'step')
        if (settings.cut) {
          settings.cut = false
          job.status = 'working'
          return job.socket.terminate()
        }
      }
      if (isOver(job)) return
    }
    const { failJob } = settings
    settings.failJob = undefined as never
    if (failJob !== undefined) return fail(job, failJob)
    tell(job, { keep_alive: true })
    if (settings.intermediate) tell(job, await resultOf(job, -11))
    tell(job, await resultOf(job, 0))
    job.status = 'done'
    finish(job)
    next()
  }

  const drawPreview = async (body: Record<string, unknown>): Promise<string> => {
    const picture = await drawGenerated({
      size: { width: 16, height: 16 },
      seed: Number(body.seed),
      format: 'jpeg',
      prompt: ''
    })
    const more = Buffer.alloc(Math.max(0, (settings.previewBytes ?? 0) - picture.length))
    return `data:image/jpeg;base64,${Buffer.concat([picture, more]).toString('base64')}`
  }

  const resultOf = async (job: Job, index: number) => {
    const bytes = await draw(index < 0 ? { ...job.body, seed: 0 } : job.body)
    const path = `${known.folder}raw/2026-11-27/a fox é-${files.size}.png`
    const isSaved = settings.saves || withTags(job.body).donotsave !== true
    if (isSaved) files.set(path, bytes)
    const image = settings.image ?? (isSaved ? path : `data:image/png;base64,${bytes.toString('base64')}`)
    const metadata = JSON.stringify({ sui_image_params: { seed: job.body.seed, prompt: job.body.prompt } })
    const told = { image, batch_index: String(index), request_id: '1', metadata }
    return settings.nested ? { image: told } : told
  }

  const fail = (job: Job, message: string) => {
    job.status = 'failed'
    tell(job, { error: message })
    finish(job)
    next()
  }

  const next = () => {
    wake.resolve()
    wake = Promise.withResolvers()
  }

  return {
    get settings() {
      return settings
    },
    status,
    control: (change: SwarmSettings): void => {
      settings = { ...settings, ...change }
      next()
    },
    take: (body: Record<string, unknown>, socket: WebSocket): void => {
      const { session_id: session, ...rest } = body
      const job: Job = { session: String(session), body: rest, socket, status: 'waiting' }
      jobs.push(job)
      work(job).catch((error: unknown) => fail(job, String(error)))
    },
    /** Those of one session, or of all. */
    interrupt: (session: string | undefined): void => {
      if (settings.deaf) return
      for (const job of jobs) {
        if (isOver(job) || (session !== undefined && job.session !== session)) continue
        const wasWorking = job.status === 'working'
        job.status = 'interrupted'
        if (wasWorking) tell(job, { error: 'Generation session interrupted.' })
        finish(job)
      }
      next()
    },
    /** On its one backend, in place of what it has; undefined once that is done, else why not. */
    load: async (name: string): Promise<string | undefined> => {
      const found = known.models.find((model) => model.name === name)
      if (!found) return 'Model not found.'
      while (settings.loads || jobs.some(({ status }) => status === 'working')) await wake.promise
      if (!settings.loadsNothing) for (const model of known.models) model.loaded = model === found
      return undefined
    },
    file: (path: string) => files.get(path),
    remove: (path: string) => files.delete(path),
    state: () => ({
      jobs: jobs.map(({ body }) => body),
      statuses: jobs.map((job) => job.status),
      files: [...files.keys()]
    })
  }
}

const decode = (image: unknown): Buffer[] =>
  typeof image === 'string' ? [Buffer.from(image.replace(/^data:[^,]*,/, ''), 'base64')] : []
