import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ImageTask } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
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
import { makeSmallest } from '../make-smallest.ts'
import { preferringAbort } from '../preferring-abort.ts'
import { allowedLoras, type AllowedLoras } from '../prompt-tags.ts'
import { readInput } from '../read-input.ts'
import { faultOfNoImage, isNotOffered, isSuccess } from '../upstream-fault.ts'
import { createUpstreamHttp, type UpstreamAnswer, type UpstreamHttpOptions } from '../upstream-http.ts'
import { type Checkpoint, type MadeImages, parseMade } from './automatic1111-api.ts'
import { faultOf } from './automatic1111-fault.ts'
import { takeInventory } from './automatic1111-inventory.ts'
import { buildRequest, type RequestRules, type ServerRequest, type TaskImages } from './automatic1111-request.ts'
import { KNOWN_EXTRAS } from './known-extras.ts'
import { chooseCheckpoint, judgeModel, otherModel } from './checkpoints.ts'
import { buildFlatRequest } from './flat-request.ts'
import { askSamplers, askServer, checkOnlyModel, isDrawThings, type ServerState } from './known-server.ts'
import { type OwnerParameters, readOwnerParameters } from './owner-parameters.ts'
import { askProgress, type Job, stopJob, watchJob } from './watch-job.ts'

export interface Automatic1111Options extends UpstreamHttpOptions {
  /** That prompts may name; default: none. */
  loras?: AllowedLoras
  parameters?: OwnerParameters
  /** Nobody else makes images there; default: false. */
  dedicated?: boolean
  sizes?: Partial<SizeRules>
  /** How often progress is asked for. */
  pollMs?: number
}

/** OpenAI's largest: more than most checkpoints were made for, and no photo. */
const USUAL_SIZES: SizeRules = { maxPixels: 1536 * 1024, multipleOf: 8 }
const USUAL_POLL_MS = 500
/** For how long a job that nobody wants any more is waited for behind others. */
const STOP_PATIENCE_MS = 600_000

/** stable-diffusion-webui (AUTOMATIC1111), Forge, reForge, SD.Next, and what imitates their API. */
export function createAutomatic1111Engine(options: Automatic1111Options): Engine {
  const { maxImageBytes, pollMs = USUAL_POLL_MS } = options
  const http = createUpstreamHttp(options, '')
  const rules: RequestRules = {
    loras: options.loras ?? [],
    parameters: options.parameters ?? readOwnerParameters(),
    sizes: { ...USUAL_SIZES, ...options.sizes }
  }
  const closing = new AbortController()
  const stopping = new Set<Promise<void>>()

  let toldInUse: string | undefined
  /** It takes settings by its own names, and no LoRAs of callers. */
  let isFlat = false
  const describe = async (signal: AbortSignal): Promise<ServerDescription> => {
    const server = await askServer(http, signal)
    isFlat = isDrawThings(server)
    const { checkpoints = [], settings = {} } = server
    const used = typeof settings.model === 'string' ? [settings.model] : []
    const count = checkpoints.length === 0 ? 'does not list its checkpoints' : `checkpoints: ${checkpoints.length}`
    const inUse = [settings.sd_model_checkpoint, settings.model].find((model) => typeof model === 'string')
    // Its settings are as before after an image with another model, which stays loaded: only a change says something.
    const isNews = inUse !== undefined && inUse !== toldInUse
    toldInUse = inUse
    const names = checkpoints.find(({ title }) => title === inUse)?.names ?? []
    return {
      ...(isNews && { loaded: [inUse, ...names] }),
      models: isDrawThings(server) ? used : [...new Set(checkpoints.flatMap(({ names }) => names))],
      isWhole: server.checkpoints !== undefined,
      summary: isDrawThings(server) ? 'Draw Things' : `stable-diffusion-webui or its like (${count})`,
      inventory: await takeInventory(http, server, signal)
    }
  }

  const readImages = async (task: ImageTask, run: EngineRun): Promise<ReadImages> => {
    const first = task.inputs.find(({ name }) => name !== 'mask')
    if (!first) return {}
    const hasMask = task.inputs.some(({ name }) => name === 'mask')
    return { original: await readInput(first.name, run), ...(hasMask && { mask: await readInput('mask', run) }) }
  }

  /** Stops it in the background: whoever does not want it any more does not wait for that either. */
  const stopSoon = (job: Job): void => {
    const { signal } = closing
    const stopped = stopJob(job, { signal, patienceMs: STOP_PATIENCE_MS })
      .catch(() => undefined) // A server that cannot be asked any more cannot be told to stop.
      .finally(() => stopping.delete(stopped))
    stopping.add(stopped)
  }

  const make = async (
    request: ServerRequest,
    job: Job,
    run: EngineRun
  ): Promise<MadeImages & Pick<UpstreamAnswer, 'pictures'>> => {
    const over = new AbortController()
    const watched = watchJob(job, { steps: request.steps, run, signal: AbortSignal.any([over.signal, run.signal]) })
    try {
      const answer = await http.post(request.path, JSON.stringify(request.body), run.signal, {
        liftsPictures: true
      })
      if (!isSuccess(answer)) throw faultOf(answer, http.secrets)
      const made = parseMade(answer.body)
      if (await isInterrupted(run.signal)) throw interrupted()
      if (made.images.length === 0) {
        const look = () => askServer(http, run.signal)
        throw await faultOfNoImage(answer, { secrets: http.secrets, reason: '', look })
      }
      return { ...made, ...(answer.pictures && { pictures: answer.pictures }) }
    } catch (error) {
      if (run.signal.aborted) stopSoon(job)
      throw error
    } finally {
      over.abort()
      await watched
    }
  }

  /** The last job there was stopped: an unfinished picture comes as a success. */
  const isInterrupted = async (signal: AbortSignal): Promise<boolean> => {
    const progress = await askProgress({ http }, signal).catch(() => undefined) // The picture is here: it may tell nothing.
    return progress?.isInterrupted === true
  }

  /** Where the answer says nothing of its model, the server is asked once more. Throws `model_missing` for another one. */
  const checkModel = async (made: MadeImages, wanted: Checkpoint, task: ImageTask, signal: AbortSignal) => {
    const judgement = judgeModel(made, wanted)
    if (judgement === 'other') throw otherModel()
    if (judgement === 'same') return
    const { checkpoints = [] } = await askServer(http, signal)
    if (chooseCheckpoint(checkpoints, task.model).title !== wanted.title) throw otherModel()
  }

  const buildFor = async (
    server: ServerState,
    task: ImageTask,
    { images, id, signal }: { images: ReadImages; id: string; signal: AbortSignal }
  ): Promise<ServerRequest & { checkpoint?: Checkpoint; isUntold: boolean }> => {
    const settings = new Set(Object.keys(server.settings ?? {}))
    if (isDrawThings(server)) {
      const isUntold = !checkOnlyModel(server, task.model)
      const { original } = images
      return { ...(await buildFlatRequest(task, { rules, settings, ...(original && { original }) })), isUntold }
    }
    const checkpoint = server.checkpoints && chooseCheckpoint(server.checkpoints, task.model)
    const isUntold = !checkpoint && !checkOnlyModel(server, task.model)
    const asksSampler = task.sampler !== undefined || 'scheduler' in task.extra
    const known = asksSampler ? await askSamplers(http, signal) : { samplers: [], schedulers: [] }
    const request = buildRequest(task, {
      rules,
      server: { checkpoint, settings, ...known },
      images: inBase64(images),
      id
    })
    return { ...request, isUntold, ...(checkpoint && { checkpoint }) }
  }

  const generate = async (task: ImageTask, run: EngineRun): Promise<EngineImage> => {
    const server = await askServer(http, run.signal)
    const id = `inference-club-${randomUUID()}`
    const images = await readImages(task, run)
    const { original, mask } = images
    const request = await buildFor(server, task, { images, id, signal: run.signal })
    const made = await make(request, { http, id, pollMs, isDedicated: options.dedicated === true }, run)
    if (request.checkpoint) await checkModel(made, request.checkpoint, task, run.signal)
    const { bytes } = decodeImageText(made.images[0] ?? '', maxImageBytes, made.pictures)
    const finished = await finishImage({
      bytes,
      ...(original && mask && { edit: { original, mask } })
    })
    const isSizeAsked = task.size !== undefined && !task.unasked?.includes('size')
    return {
      bytes: Readable.from([finished.bytes]),
      mediaType: finished.mediaType,
      seed: made.seed ?? task.seed,
      ...(!isSizeAsked && { chosenSize: request.size }),
      warnings: [
        ...request.warnings,
        ...(request.isUntold ? ['The image server does not say which model it uses.'] : []),
        ...(isSizeAsked && task.size ? sizeTold({ asked: task.size, made: finished }) : []),
        ...keptTold(task, finished)
      ]
    }
  }

  /** Whether its settings name the checkpoint that goes by that name. */
  const isSet = ({ checkpoints = [], settings = {} }: ServerState, model: string): boolean =>
    chooseCheckpoint(checkpoints, model).names.includes(String(settings.sd_model_checkpoint))

  const warm = async (model: string, signal: AbortSignal): Promise<Warmed> => {
    const server = await askServer(http, signal)
    if (!server.checkpoints) return 'unsupported'
    const progress = await askProgress({ http }, signal)
    if (progress && !progress.isIdle) throw ownersWork()
    // It takes the same for no change, though another may be loaded since: an image leaves the settings as they were.
    if (isSet(server, model)) return makeSmallest(generate, model, signal)
    const { title } = chooseCheckpoint(server.checkpoints, model)
    const answer = await http.post('/sdapi/v1/options', JSON.stringify({ sd_model_checkpoint: title }), signal)
    if (isNotOffered(answer)) return 'unsupported'
    if (!isSuccess(answer)) throw faultOf(answer, http.secrets)
    // An unknown one is dropped without a word.
    if (!isSet(await askServer(http, signal), model)) throw otherModel()
    return 'warmed'
  }

  return {
    name: 'automatic1111',
    extras: Object.keys(KNOWN_EXTRAS),
    describe: (signal) => preferringAbort(signal, () => describe(signal)),
    lorasFor: (_model, found) => (isFlat ? [] : allowedLoras(rules.loras, found)),
    warm: (model, signal) => preferringAbort(signal, () => warm(model, signal)),
    generate: (task, run) => preferringAbort(run.signal, () => generate(task, run)),
    close: async () => {
      closing.abort()
      await Promise.all([...stopping, http.close()])
    }
  }
}

interface ReadImages {
  original?: Buffer
  /** Opaque, white = change. */
  mask?: Buffer
}

const inBase64 = ({ original, mask }: ReadImages): TaskImages => ({
  ...(original && { init: original.toString('base64') }),
  ...(mask && { mask: mask.toString('base64') })
})

const ownersWork = (): EngineError => new EngineError('busy', 'The image server is busy with the work of its owner.')

/** By the owner of the machine, who is at it: they come first. */
const interrupted = (): EngineError =>
  new EngineError('busy', 'The image was stopped on the machine that made it, by somebody who uses it.')
