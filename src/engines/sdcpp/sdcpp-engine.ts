import { Readable } from 'node:stream'
import type { ImageTask } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import { sleep } from '../../lib/async.ts'
import { ownCommand } from '../../lib/own-command.ts'
import { type Engine, EngineError, type EngineImage, type EngineRun, type ServerDescription } from '../engine.ts'
import { finishImage, keptTold, sizeTold } from '../finish-image.ts'
import { decodeImageText } from '../image-text.ts'
import type { LiftedPictures } from '../lifted-pictures.ts'
import { preferringAbort } from '../preferring-abort.ts'
import { allowedLoras, type AllowedLoras } from '../prompt-tags.ts'
import { readInput } from '../read-input.ts'
import { faultOfAnswer, faultOfNoImage, isNotOffered, isSuccess } from '../upstream-fault.ts'
import { createUpstreamHttp, type UpstreamAnswer, type UpstreamHttpOptions } from '../upstream-http.ts'
import { type Capabilities, type JobState, parseCapabilities, parseJob, parseJobId } from './sdcpp-api.ts'
import { modelsOf } from './sdcpp-fingerprint.ts'
import { KNOWN_EXTRAS, readSdcppParameters } from './sdcpp-parameters.ts'
import { buildRequest, type RequestRules, type TaskImages } from './sdcpp-request.ts'

export interface SdcppOptions extends UpstreamHttpOptions {
  /** That prompts may name; default: none. */
  loras?: AllowedLoras
  parameters?: Record<string, unknown>
  /** Default: `image`. */
  edits?: RequestRules['edits']
  sizes?: Partial<SizeRules>
  /** How often a job is asked for. */
  pollMs?: number
}

/** The server rounds up to 64 by itself. */
const USUAL_SIZES: SizeRules = { maxPixels: 1536 * 1024, multipleOf: 64 }
const USUAL_POLL_MS = 500
/** So many looks after a job may fail before the server is taken to be gone. */
const MOST_FAILED_LOOKS = 3
/** What a `served_as` that names a file ends in: then it must be the server's. */
const MODEL_FILE = /\.(?:safetensors|gguf|ckpt|sft|pth?)$/i
const MAX_CAPABILITIES_BYTES = 16 * 1024 * 1024

/** What was decoded while an answer came. */
interface Lifted {
  pictures: LiftedPictures | undefined
}

/** stable-diffusion.cpp's server (sd-server) by its native API: one model, one queue, jobs that are asked for. */
export function createSdcppEngine(options: SdcppOptions): Engine {
  const { maxImageBytes, pollMs = USUAL_POLL_MS } = options
  const http = createUpstreamHttp(options, '')
  const { secrets } = http
  const rules: RequestRules = {
    loras: options.loras ?? [],
    parameters: options.parameters ?? readSdcppParameters(),
    edits: options.edits ?? 'image',
    sizes: { ...USUAL_SIZES, ...options.sizes }
  }
  const closing = new AbortController()
  const canceling = new Set<Promise<void>>()

  const fault = (answer: UpstreamAnswer): EngineError =>
    isNotOffered(answer) ? noSuchApi() : faultOfAnswer(answer, { secrets, call: 'images' })

  const askCapabilities = async (signal: AbortSignal): Promise<Capabilities> => {
    const answer = await http.get('/sdcpp/v1/capabilities', signal, { maxBytes: MAX_CAPABILITIES_BYTES })
    if (!isSuccess(answer)) throw fault(answer)
    const capabilities = parseCapabilities(answer.body)
    if (!capabilities) throw noSuchApi()
    return capabilities
  }

  const describe = async (signal: AbortSignal): Promise<ServerDescription> => {
    const capabilities = await askCapabilities(signal)
    const { model, makesImages } = capabilities
    if (!makesImages) throw new EngineError('model_missing', 'The image server has a model for videos alone.')
    const name = model.stem || model.name
    const files = model.name === '' ? [] : [model.name]
    return {
      models: files,
      loaded: files,
      takes: (asked) => !isOther(capabilities, asked),
      summary: `stable-diffusion.cpp (${name === '' ? 'does not tell its model' : name})`,
      inventory: {
        models: modelsOf(capabilities),
        loras: capabilities.loras.map((lora) => lora.name)
      }
    }
  }

  const readImages = async (task: ImageTask, run: EngineRun): Promise<TaskImages> => {
    const images: Buffer[] = []
    for (const { name } of task.inputs.filter((input) => input.name !== 'mask')) images.push(await readInput(name, run))
    const hasMask = task.inputs.some(({ name }) => name === 'mask')
    return { images, ...(hasMask && { mask: await readInput('mask', run) }) }
  }

  const inBackground = (work: Promise<void>): void => {
    const ended = work
      .catch(() => undefined) // A server that cannot be reached any more cannot be told either.
      .finally(() => canceling.delete(ended))
    canceling.add(ended)
  }

  /** A job that waits is withdrawn; one that has begun the server cannot stop (409). */
  const cancel = async (id: string): Promise<void> => {
    await http.post(`/sdcpp/v1/jobs/${id}/cancel`, '', closing.signal)
  }

  /** Hands the job in. Whoever does not want it any more waits for no answer, and the job is withdrawn once it has its id. */
  const submit = async (body: Record<string, unknown>, signal: AbortSignal): Promise<string> => {
    signal.throwIfAborted()
    const handedIn = http.post('/sdcpp/v1/img_gen', JSON.stringify(body), closing.signal).then(async (answer) => {
      if (!isSuccess(answer)) throw fault(answer)
      const id = parseJobId(answer.body)
      if (id !== undefined) return id
      throw await faultOfNoImage(answer, { secrets, reason: '', look: () => askCapabilities(closing.signal) })
    })
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
    try {
      return await Promise.race([handedIn, aborted])
    } catch (error) {
      if (signal.aborted) inBackground(handedIn.then(cancel))
      throw error
    }
  }

  /** Undefined when this look failed, as it may on a server that is busy; `lost`: it knows no such job. */
  const look = async (id: string, signal: AbortSignal): Promise<(JobState & Lifted) | 'lost' | undefined> => {
    const answer = await http.get(`/sdcpp/v1/jobs/${id}`, signal, { liftsPictures: true }).catch((error: unknown) => {
      signal.throwIfAborted()
      // What is too large stays so.
      if (error instanceof EngineError && error.fault === 'bad_output') throw error
      return undefined
    })
    if (!answer || answer.status >= 500) return undefined
    if (answer.status === 404) return 'lost'
    if (answer.status === 410) throw new EngineError('bad_output', 'The image server has forgotten the image already.')
    if (!isSuccess(answer)) throw fault(answer)
    const job = parseJob(answer.body)
    return job && { ...job, pictures: answer.pictures }
  }

  const wait = async (id: string, { signal, onBegun }: EngineRun): Promise<{ image: string } & Lifted> => {
    let failed = 0
    let wasWaiting = false
    // What is known to have waited to the last was no try.
    const gone = (how: string) => new EngineError(wasWaiting ? 'unreachable' : 'crashed', `The image server ${how}`)
    for (;;) {
      const job = await look(id, signal)
      failed = job ? 0 : failed + 1
      if (failed > MOST_FAILED_LOOKS) throw gone('does not answer any more.')
      if (job === 'lost') throw gone('has lost the job: it was restarted.')
      if (job) wasWaiting = job.status === 'waiting'
      if (job?.status === 'working') onBegun()
      else if (job && job.status !== 'waiting') return { image: imageOf(job, secrets), pictures: job.pictures }
      await sleep(pollMs, signal)
    }
  }

  const generate = async (task: ImageTask, run: EngineRun): Promise<EngineImage> => {
    const server = await askCapabilities(run.signal)
    checkModel(server, task.model)
    const inputs = await readImages(task, run)
    const request = await buildRequest(task, { rules, server, inputs })
    const id = await submit(request.body, run.signal)
    const { image, pictures } = await wait(id, run).catch((error: unknown) => {
      if (run.signal.aborted) inBackground(cancel(id))
      throw error
    })
    const [original] = inputs.images
    const finished = await finishImage({
      bytes: decodeImageText(image, maxImageBytes, pictures).bytes,
      ...(original && inputs.mask && { edit: { original, mask: inputs.mask } })
    })
    const isSizeAsked = task.size !== undefined && !task.unasked?.includes('size')
    return {
      bytes: Readable.from([finished.bytes]),
      mediaType: finished.mediaType,
      seed: task.seed,
      ...(!isSizeAsked && { chosenSize: request.size }),
      warnings: [
        ...request.warnings,
        ...(isSizeAsked && task.size ? sizeTold({ asked: task.size, made: finished }) : []),
        ...keptTold(task, finished)
      ]
    }
  }

  return {
    name: 'sdcpp',
    extras: Object.keys(KNOWN_EXTRAS),
    // There is one in the process, whatever it is called.
    weightsOf: () => '',
    describe: (signal) => preferringAbort(signal, () => describe(signal)),
    lorasFor: (_model, found) => allowedLoras(rules.loras, found),
    // What it has it loaded when it was started.
    warm: (model, signal) =>
      preferringAbort(signal, async () => {
        checkModel(await askCapabilities(signal), model)
        return 'warmed' as const
      }),
    generate: (task, run) => preferringAbort(run.signal, () => generate(task, run)),
    close: async () => {
      closing.abort()
      await Promise.all([...canceling, http.close()])
    }
  }
}

/** Whether it is the name of a file that is not its model; whatever else it is called it takes. */
const isOther = ({ model }: Capabilities, asked: string): boolean =>
  MODEL_FILE.test(asked) && model.name !== '' && model.name.toLowerCase() !== asked.toLowerCase()

function checkModel(server: Capabilities, asked: string): void {
  if (isOther(server, asked) || !server.makesImages)
    throw new EngineError('model_missing', 'The image server runs another model.')
}

function imageOf(job: Exclude<JobState, { status: 'waiting' | 'working' }>, secrets: readonly string[]): string {
  switch (job.status) {
    case 'done': {
      const [image] = job.images
      if (image !== undefined) return image
      throw new EngineError('bad_output', 'The image server answered without an image.')
    }
    case 'canceled':
      throw new EngineError('busy', 'The image was canceled on the machine that made it, by somebody who uses it.')
    case 'failed':
      throw faultOfAnswer({ status: 500, body: JSON.stringify({ error: job.message }) }, { secrets, call: 'images' })
  }
}

const noSuchApi = (): EngineError =>
  new EngineError('unreachable', "The image server does not offer stable-diffusion.cpp's own API.", {
    remedy: `Is the service's url that of sd-server? Builds before 2026 are driven by the engine openai; \`${ownCommand} doctor\` finds out what is there.`
  })
