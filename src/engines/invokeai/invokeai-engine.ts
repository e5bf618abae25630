import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ImageTask } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import type { Engine, EngineImage, EngineRun, ServerDescription, Warmed } from '../engine.ts'
import { finishImage, keptTold, sizeTold } from '../finish-image.ts'
import { makeSmallest } from '../make-smallest.ts'
import { orAborted } from '../or-aborted.ts'
import { createSocketAdvice } from '../passed-sockets.ts'
import { preferringAbort } from '../preferring-abort.ts'
import type { AllowedLoras } from '../prompt-tags.ts'
import { readInput } from '../read-input.ts'
import type { UpstreamHttpOptions } from '../upstream-http.ts'
import { members } from '../upstream-text.ts'
import { type InvokeModel, parseModels } from './invokeai-api.ts'
import { noSuchApi, ownersWork } from './invokeai-fault.ts'
import { buildGraph } from './invokeai-graph.ts'
import { createInvokeHttp } from './invokeai-http.ts'
import { InvokeJob, type JobTimes, type OwnWork, QUEUE_PATH, USUAL_TIMES } from './invokeai-job.ts'
import { architectureOf, chooseModel, listDrawn, lorasFor } from './invokeai-models.ts'
import { fitImage, invertMask, KNOWN_EXTRAS, type ModelRules, planImage } from './invokeai-plan.ts'
import { type InvokeSchema, readSchema } from './invokeai-schema.ts'

export interface InvokeModelSettings {
  /** Key, hash or name at the server. */
  name: string
  loras?: AllowedLoras
  steps?: number
  guidanceScale?: number
  scheduler?: string
}

export interface InvokeOptions extends UpstreamHttpOptions {
  models: readonly InvokeModelSettings[]
  /** That prompts may name; default: none. */
  loras?: AllowedLoras
  sizes?: Partial<SizeRules>
  times?: Partial<JobTimes>
}

/** InvokeAI, with graphs of nodes that its own document describes. */
export function createInvokeEngine(options: InvokeOptions): Engine {
  const http = createInvokeHttp(options)
  const times = { ...USUAL_TIMES, ...options.times }
  const settings = new Map(options.models.map((model) => [model.name, model]))
  const ownWork: OwnWork = { working: new Set(), at: 0 }
  const closing = new AbortController()
  const clearing = new Set<Promise<void>>()
  let schema: InvokeSchema | undefined
  /** As last listed: what lies there is told of it. */
  let listed: readonly InvokeModel[] = []

  const askVersion = async (signal: AbortSignal): Promise<string> => {
    const { version } = members(await http.get('/api/v1/app/version', signal))
    if (typeof version !== 'string' || version === '') throw noSuchApi()
    return version.slice(0, 40)
  }

  /** Of the version that runs: the document is large, and changes with it alone. */
  const findSchema = async (signal: AbortSignal): Promise<InvokeSchema> => {
    const version = await askVersion(signal)
    if (schema?.version !== version) schema = readSchema(await http.get('/openapi.json', signal), version)
    return schema
  }

  const adviseOnce = createSocketAdvice(http.getSocket)

  const listModels = async (signal: AbortSignal): Promise<InvokeModel[]> => {
    const models = parseModels(await http.get('/api/v2/models/', signal))
    if (!models) throw noSuchApi()
    listed = models
    return models
  }

  const describe = async (signal: AbortSignal): Promise<ServerDescription> => {
    const [{ version }, models] = await Promise.all([findSchema(signal), listModels(signal)])
    const drawn = models.filter((model) => architectureOf(model) !== undefined)
    return {
      models: [...new Set(drawn.flatMap(({ name, key, hash }) => [name, key, hash]))].filter((name) => name !== ''),
      isWhole: true,
      summary: `InvokeAI ${version} (models: ${drawn.length})`,
      ...(await adviseOnce(signal)),
      inventory: {
        models: listDrawn(models),
        loras: [...new Set(models.filter(({ type }) => type === 'lora').map(({ name }) => name))]
      }
    }
  }

  const rulesOf = (name: string): ModelRules => ({
    loras: options.loras ?? [],
    ...settings.get(name),
    sizes: options.sizes ?? {}
  })

  /** Takes what is left of a job out of the server, in the background: nobody waits for that. */
  const clearSoon = (job: InvokeJob, uploads: readonly Promise<string>[]): void => {
    const cleared = job
      .clear(uploads)
      .catch(() => undefined) // A server that cannot be asked any more keeps what it has.
      .finally(() => clearing.delete(cleared))
    clearing.add(cleared)
  }

  const generate = async (task: ImageTask, run: EngineRun): Promise<EngineImage> => {
    const { signal } = run
    const [known, models] = await Promise.all([findSchema(signal), listModels(signal)])
    const model = chooseModel(models, task.model)
    const { wish, isSizeCallers, warnings } = planImage(task, {
      model,
      models,
      schema: known,
      rules: rulesOf(task.model)
    })
    const given = task.inputs.find(({ name }) => name !== 'mask')
    const original = given && (await readInput(given.name, run))
    const mask = task.inputs.some(({ name }) => name === 'mask') ? await readInput('mask', run) : undefined
    // Nothing is left there of a graph that is not understood.
    const placeholders = { ...(original && { image: 'image' }), ...(mask && { mask: 'mask' }) }
    known.check(buildGraph({ ...wish, ...placeholders }, known, ''))

    const uploads: Promise<string>[] = []
    // One that is cut off may have arrived, under a name that is not known then.
    const upload = (bytes: Buffer, mediaType: string): Promise<string> => {
      const uploading = http.upload({ bytes, mediaType }, closing.signal)
      uploads.push(uploading)
      return orAborted(uploading, signal)
    }
    const parts = { http, steps: wish.steps, times, ownWork, closing: closing.signal }
    let job: InvokeJob | undefined
    try {
      const fit = (bytes: Buffer) => fitImage(bytes, { source: given ?? wish.size, size: wish.size })
      const image = original && (await upload(await fit(original), given?.mediaType ?? 'image/png'))
      const hole = mask && (await upload(await fit(await invertMask(mask)), 'image/png'))
      const images = { ...(image !== undefined && { image }), ...(hole !== undefined && { mask: hole }) }
      job = new InvokeJob({ ...parts, graph: buildGraph({ ...wish, ...images }, known, randomUUID()) }, run)
      const made = await job.make()
      const bytes = await http.download(made, signal)
      const finished = await finishImage({ bytes, ...(original && mask && { edit: { original, mask } }) })
      return {
        bytes: Readable.from([finished.bytes]),
        mediaType: finished.mediaType,
        seed: task.seed,
        ...(!isSizeCallers && { chosenSize: wish.size }),
        warnings: [
          ...warnings,
          ...(isSizeCallers && task.size ? sizeTold({ asked: task.size, made: finished }) : []),
          ...keptTold(task, finished)
        ]
      }
    } finally {
      clearSoon(job ?? new InvokeJob({ ...parts, graph: { id: '', nodes: {}, edges: [] } }, run), uploads)
    }
  }

  const warm = async (model: string, signal: AbortSignal): Promise<Warmed> => {
    // What is left of jobs of ours is nobody's work.
    await orAborted(Promise.all(clearing), signal)
    const { pending, in_progress: running } = members(members(await http.get(`${QUEUE_PATH}/status`, signal)).queue)
    if (Number(pending) > 0 || Number(running) > 0) throw ownersWork()
    return makeSmallest(generate, model, signal)
  }

  return {
    name: 'invokeai',
    extras: Object.keys(KNOWN_EXTRAS),
    describe: (signal) => preferringAbort(signal, () => describe(signal)),
    lorasFor: (model, found) => lorasFor(listed, { asked: model, allowed: rulesOf(model).loras, found }),
    warm: (model, signal) => preferringAbort(signal, () => warm(model, signal)),
    generate: (task, run) => preferringAbort(run.signal, () => generate(task, run)),
    close: async () => {
      // What is being cleared is a matter of moments.
      const late = setTimeout(() => closing.abort(), CLOSE_WITHIN_MS)
      await Promise.all(clearing)
      clearTimeout(late)
      closing.abort()
      await http.close()
    }
  }
}

const CLOSE_WITHIN_MS = 2_000
