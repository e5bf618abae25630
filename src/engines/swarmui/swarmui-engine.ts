import { Readable } from 'node:stream'
import type { ImageTask } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import { sleep } from '../../lib/async.ts'
import {
  type Engine,
  EngineError,
  type EngineImage,
  type EngineRun,
  type ServerDescription,
  type Warmed
} from '../engine.ts'
import { finishImage, keptTold, sizeTold } from '../finish-image.ts'
import { decodeImageText } from '../image-text.ts'
import { orAborted } from '../or-aborted.ts'
import { PASS_SOCKETS, passesNoSockets } from '../passed-sockets.ts'
import type { SentAccess } from '../not-let-in.ts'
import { preferringAbort } from '../preferring-abort.ts'
import type { AllowedLoras, NamedLora } from '../prompt-tags.ts'
import { readInput } from '../read-input.ts'
import type { NamedChoice } from '../samplers.ts'
import type { UpstreamHttpOptions } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'
import { parseChoices, parseModel, parseModels, seedIn, type ServerModel } from './swarmui-api.ts'
import { faultOfRefusal, interrupted, noBackend, noSuchApi, notAllowed } from './swarmui-fault.ts'
import { modelsOf } from './swarmui-fingerprint.ts'
import { createSwarmHttp, type SwarmSession } from './swarmui-http.ts'
import { type JobEnd, startJob, stopJob, type SwarmImage, type SwarmJob } from './swarmui-job.ts'
import { KNOWN_EXTRAS } from './swarmui-parameters.ts'
import {
  buildRequest,
  isSameModel,
  plainName,
  readPrompts,
  type RequestRules,
  type TaskImages
} from './swarmui-request.ts'

export interface SwarmModelSettings {
  /** As the server calls it. */
  name: string
  loras?: AllowedLoras
  parameters?: Record<string, unknown>
  edits?: RequestRules['edits']
}

export interface SwarmOptions extends UpstreamHttpOptions {
  models: readonly SwarmModelSettings[]
  /** That prompts may name; default: none. */
  loras?: AllowedLoras
  parameters?: Record<string, unknown>
  /** Default: `image`. */
  edits?: RequestRules['edits']
  sizes?: Partial<SizeRules>
  times?: Partial<SwarmTimes>
}

export interface SwarmTimes {
  /** For how long a job may wait behind those of others. */
  patienceMs: number
  /** How often a job that nobody wants any more is told to stop. */
  stopMs: number
}

const USUAL_TIMES: SwarmTimes = { patienceMs: 90_000, stopMs: 1_000 }
/** What some of its models round to by themselves. */
const USUAL_SIZES: SizeRules = { maxPixels: 2_000_000, multipleOf: 16 }
const OWNERS_PAUSE_MS = 30_000
/** States in which no backend will ever take a job. */
const DEAD = ['empty', 'all_disabled']
const MOST_FREE_SESSIONS = 32

/** SwarmUI by its own API. Every job has a session to itself, so that what stops it stops nobody else's. */
export function createSwarmEngine(options: SwarmOptions): Engine {
  const http = createSwarmHttp(options)
  const times = { ...USUAL_TIMES, ...options.times }
  const models = new Map(options.models.map((model) => [model.name, model]))
  const free: SwarmSession[] = []
  const closing = new AbortController()
  const stopping = new Set<Promise<void>>()
  const ownJobs = new Set<SwarmJob>()
  /** When one of ours was last worked on: those behind it wait for us, and not for others. */
  let ownWorkAt = 0
  /** How an image was answered that had no WebSocket: nothing can be made until there is one. */
  let withoutSocket: number | undefined

  const rulesOf = (name: string): RequestRules => {
    const own = models.get(name)
    return {
      loras: own?.loras ?? options.loras ?? [],
      parameters: { ...options.parameters, ...own?.parameters },
      edits: own?.edits ?? options.edits ?? 'image',
      sizes: { ...USUAL_SIZES, ...options.sizes }
    }
  }

  const takeSession = async (signal: AbortSignal): Promise<SwarmSession> => free.pop() ?? http.newSession(signal)
  const giveBack = (session: SwarmSession): void => {
    if (free.length < MOST_FREE_SESSIONS) free.push(session)
  }

  const describe = async (signal: AbortSignal): Promise<ServerDescription> => {
    const session = await takeSession(signal)
    try {
      const within = { session, signal }
      const [status, list, loras] = await Promise.all([
        http.call('GetCurrentStatus', {}, within),
        http.call('ListModels', { path: '', depth: 20, subtype: 'Stable-Diffusion' }, within),
        http.call('ListModels', { path: '', depth: 20, subtype: 'LoRA' }, within)
      ])
      const found = parseModels(list)
      if (!found) throw noSuchApi()
      if (DEAD.includes(String(members(status.backend_status).status))) throw noBackend()
      if (withoutSocket !== undefined && (await passesNoSockets(http.getSocket, signal))) throw noSocket(withoutSocket)
      withoutSocket = undefined
      const namesOf = ({ name }: ServerModel) => [...new Set([name, name.replace(/\.(?:safetensors|sft)$/i, '')])]
      const loaded = found.filter(({ isLoaded }) => isLoaded)
      const { version } = session.facts
      return {
        models: found.flatMap(namesOf),
        isWhole: true,
        loaded: loaded.flatMap(namesOf),
        summary: `SwarmUI${version === '' ? '' : ` ${version}`} (models: ${found.length}, loaded: ${loaded.length})`,
        inventory: { models: modelsOf(found), loras: (parseModels(loras) ?? []).map(({ name }) => name) }
      }
    } finally {
      giveBack(session)
    }
  }

  /** The model of that very name: the server would take the first whose name holds what it is asked for. */
  const findModel = async (name: string, within: Within): Promise<ServerModel> => {
    const { model } = await http.call('DescribeModel', { modelName: name, subtype: 'Stable-Diffusion' }, within)
    // It says of a model that it has not that it has not.
    if (model === undefined) throw noSuchApi()
    const found = parseModel(model)
    if (found && isSameModel(found.name, name)) return found
    throw new EngineError('model_missing', 'The image server lacks the model.')
  }

  /** Those that the server has, as it calls them. */
  const findLoras = async (asked: readonly NamedLora[], within: Within): Promise<NamedLora[]> => {
    const found: NamedLora[] = []
    for (const { name, weight } of asked) {
      const body = { modelName: name, subtype: 'LoRA' }
      const told = await http.call('DescribeModel', body, within).catch((error: unknown): Record<string, unknown> => {
        if (error instanceof EngineError && error.fault === 'model_missing') return {}
        throw error
      })
      const lora = parseModel(told.model)
      // Lists of names are separated by commas there.
      if (lora && isSameModel(lora.name, name) && !lora.name.includes(',')) found.push({ name: lora.name, weight })
    }
    return found
  }

  const findChoices = async (
    { sampler, extra }: ImageTask,
    within: Within
  ): Promise<{ samplers: NamedChoice[]; schedulers: NamedChoice[] }> => {
    if (sampler === undefined && !('scheduler' in extra)) return { samplers: [], schedulers: [] }
    const parameters = await http.call('ListT2IParams', {}, within)
    return { samplers: parseChoices(parameters, 'sampler'), schedulers: parseChoices(parameters, 'scheduler') }
  }

  const readImages = async (task: ImageTask, run: EngineRun): Promise<TaskImages> => {
    const images: TaskImages['images'] = []
    for (const { name, mediaType } of task.inputs) {
      if (name !== 'mask') images.push({ bytes: await readInput(name, run), mediaType })
    }
    const hasMask = task.inputs.some(({ name }) => name === 'mask')
    return { images, ...(hasMask && { mask: await readInput('mask', run) }) }
  }

  const interrupt = (session: SwarmSession) =>
    http.call('InterruptAll', { other_sessions: false }, { session, signal: closing.signal })

  /** Stops it in the background, since nobody waits for that; only then is its session free for another. */
  const stopSoon = (job: SwarmJob, session: SwarmSession): void => {
    const how = { interrupt: () => interrupt(session), everyMs: times.stopMs, signal: closing.signal }
    const stopped = stopJob(job, how)
      .then(() => giveBack(session))
      .catch(() => undefined) // A server that cannot be asked any more cannot be told to stop.
      .finally(() => stopping.delete(stopped))
    stopping.add(stopped)
  }

  const waitFor = async (job: SwarmJob, run: EngineRun): Promise<JobEnd> => {
    const over = new AbortController()
    const sentAt = performance.now()
    const tick = () => sleep(times.patienceMs / 10, over.signal).catch(() => undefined) // Cut short below.
    ownJobs.add(job)
    try {
      for (;;) {
        const end = await orAborted(Promise.race([job.ended, tick()]), run.signal)
        if (end) return end
        const now = performance.now()
        if ([...ownJobs].some(({ hasBegun }) => hasBegun)) ownWorkAt = now
        if (!job.hasBegun) run.onWaiting()
        if (!job.hasBegun && now - Math.max(sentAt, ownWorkAt) >= times.patienceMs) {
          throw new EngineError('busy', 'The image server is busy with the work of its owner.', {
            retryAfterMs: OWNERS_PAUSE_MS
          })
        }
      }
    } finally {
      ownJobs.delete(job)
      if (job.hasBegun) ownWorkAt = performance.now()
      over.abort()
    }
  }

  /** Has one job made in a session, which is given back to the others when that is over. */
  const make = async (
    request: { body: Record<string, unknown>; steps: number },
    { session, run }: { session: SwarmSession; run: EngineRun }
  ): Promise<JobEnd> => {
    const start = () =>
      startJob({
        url: http.socketUrl,
        headers: http.headers,
        body: { ...request.body, session_id: session.facts.id },
        steps: request.steps,
        maxMessageBytes: http.maxMessageBytes,
        run
      })
    run.signal.throwIfAborted()
    let job = start()
    try {
      let end = await waitFor(job, run)
      if (end.kind === 'refused' && end.refusal.id === 'invalid_session_id') {
        await http.renew(session, run.signal)
        job = start()
        end = await waitFor(job, run)
      }
      return end
    } finally {
      const end = job.hasEnded ? await job.ended : undefined
      // The server goes on without a connection, in vain.
      if (!end || (end.kind === 'lost' && end.wasSent)) stopSoon(job, session)
      else giveBack(session)
    }
  }

  /** The bytes of what was made; a file of it is deleted. */
  const fetchImage = async (
    { image, pictures }: SwarmImage,
    within: Within
  ): Promise<{ bytes: Buffer; warnings: string[] }> => {
    if (/^data:/i.test(image))
      return { bytes: decodeImageText(image, options.maxImageBytes, pictures).bytes, warnings: [] }
    // Versions, and what is installed there, that save although they are told not to.
    const bytes = await http.download(image, within)
    const path = image.slice(within.session.facts.folder.length)
    const isDeleted = await http.call('DeleteImage', { path }, within).then(
      () => true,
      () => false // The picture is here all the same.
    )
    return { bytes, warnings: isDeleted ? [] : ['The image server keeps a copy of the image.'] }
  }

  const generate = async (task: ImageTask, run: EngineRun): Promise<EngineImage> => {
    const rules = rulesOf(task.model)
    const session = await takeSession(run.signal)
    const within = { session, signal: run.signal }
    let isTaken = false
    try {
      const prompts = readPrompts(task, rules.loras)
      const server = {
        model: await findModel(task.model, within),
        loras: await findLoras(prompts.prompt.loras, within),
        ...(await findChoices(task, within))
      }
      const inputs = await readImages(task, run)
      const request = await buildRequest(task, { rules, server, prompts, inputs })
      isTaken = true
      const made = imageOf(await make(request, { session, run }))
      const { bytes, warnings } = await fetchImage(made, within)
      const [original] = inputs.images
      const finished = await finishImage({
        bytes,
        ...(original && inputs.mask && { edit: { original: original.bytes, mask: inputs.mask } })
      })
      const isSizeAsked = task.size !== undefined && !task.unasked?.includes('size')
      return {
        bytes: Readable.from([finished.bytes]),
        mediaType: finished.mediaType,
        seed: seedIn(parseJson(made.metadata)) ?? task.seed,
        ...(!isSizeAsked && { chosenSize: request.size }),
        warnings: [
          ...request.warnings,
          ...warnings,
          ...(isSizeAsked && task.size ? sizeTold({ asked: task.size, made: finished }) : []),
          ...keptTold(task, finished)
        ]
      }
    } finally {
      if (!isTaken) giveBack(session)
    }
  }

  const imageOf = (end: JobEnd): SwarmImage => {
    switch (end.kind) {
      case 'made':
        return end
      case 'refused':
        throw faultOfRefusal(end.refusal, http)
      case 'discarded':
        throw new EngineError('bad_output', 'The image server made the image and threw it away.')
      case 'nothing':
        throw interrupted()
      case 'lost':
        withoutSocket = end.status
        throw faultOfLoss(end, http.sent)
    }
  }

  const warm = async (name: string, signal: AbortSignal): Promise<Warmed> => {
    const session = await takeSession(signal)
    const within = { session, signal }
    try {
      const { name: model } = await findModel(name, within)
      await http.call('SelectModel', { model }, { ...within, isPatient: true })
      const { isLoaded } = await findModel(name, within)
      if (!isLoaded) throw new EngineError('crashed', 'The image server has not loaded the model.')
      return 'warmed'
    } finally {
      giveBack(session)
    }
  }

  return {
    name: 'swarmui',
    extras: Object.keys(KNOWN_EXTRAS),
    weightsOf: plainName,
    describe: (signal) => preferringAbort(signal, () => describe(signal)),
    lorasFor: (model, found) => {
      const allowed = rulesOf(model).loras
      if (allowed === 'any') return found.filter((name) => !name.includes(','))
      return allowed.filter((name) => !name.includes(',') && found.some((lora) => isSameModel(lora, name)))
    },
    warm: (model, signal) => preferringAbort(signal, () => warm(model, signal)),
    generate: (task, run) => preferringAbort(run.signal, () => generate(task, run)),
    close: async () => {
      closing.abort()
      await Promise.all([...stopping, http.close()])
    }
  }
}

interface Within {
  session: SwarmSession
  signal: AbortSignal
}

const noSocket = (status: number): EngineError =>
  new EngineError('unreachable', `The way to the image server lets no WebSocket through (HTTP ${status}).`, {
    remedy: `What stands before it has to pass them on (${PASS_SOCKETS}).`
  })

function faultOfLoss({ tooLarge, wasSent, status }: Extract<JobEnd, { kind: 'lost' }>, sent: SentAccess): EngineError {
  if (tooLarge) return new EngineError('bad_output', 'The image server sent more bytes than an image may have.')
  if (status === 401 || status === 403) return notAllowed(sent)
  if (status !== undefined) return noSocket(status)
  return wasSent
    ? new EngineError('crashed', 'The image server closed the connection in the middle of its work.', {
        isSilence: true
      })
    : new EngineError('unreachable', 'The image server cannot be reached.')
}
