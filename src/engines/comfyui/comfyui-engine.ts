import { Readable } from 'node:stream'
import type { ImageTask } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import { inBackground } from '../../lib/async.ts'
import { chooseSize } from '../choose-size.ts'
import { type Engine, EngineError, type EngineImage, type EngineRun, type ServerDescription } from '../engine.ts'
import { finishImage, keptTold, sizeTold } from '../finish-image.ts'
import { makeSmallest } from '../make-smallest.ts'
import { createSocketAdvice } from '../passed-sockets.ts'
import { preferringAbort } from '../preferring-abort.ts'
import type { UpstreamHttpOptions } from '../upstream-http.ts'
import { createForgetting } from './cancel-job.ts'
import { parseQueue, parseSystem, parseWaiting } from './comfyui-api.ts'
import { createComfyHttp } from './comfyui-http.ts'
import { takeInventory } from './comfyui-inventory.ts'
import { fillWorkflow } from './fill-workflow.ts'
import { findRecipe } from './find-model.ts'
import type { Plan } from './graph.ts'
import { type ModelSettings, weightsOf } from './model-settings.ts'
import { notLikeComfy } from './not-like-comfy.ts'
import { checkInputs, planBuiltIn } from './plan-built-in.ts'
import { type Followed, type JobTimes, runJob, USUAL_TIMES } from './run-job.ts'
import { createServerNodes } from './server-nodes.ts'
import { uploadInputs } from './upload-inputs.ts'

export interface ComfyEngineOptions extends UpstreamHttpOptions {
  models: readonly ModelSettings[]
  /** What an edit without a size may have; absent: as the model's family. */
  sizes?: Partial<SizeRules>
  /** The owner's own queue goes first: nothing is begun while there is something in it. */
  givesWay?: boolean
  /** After so long without work the server is told to free its memory. */
  freeAfterMs?: number
  /** How pictures on the way are made, by ComfyUI's names; recent versions only, others do as they were started. */
  previews?: string
  keepFiles?: boolean
  sender?: string
  times?: Partial<JobTimes>
}

/** Fields of a call that are not in the API's list and that graphs of our own honour. */
export const OWN_EXTRAS = ['cfg_scale', 'scheduler', 'lora']
const OWNERS_PAUSE_MS = 15_000
const MOST_REMEMBERED = 1000
const WORKFLOW_SIZES: SizeRules = { maxPixels: 2_000_000, multipleOf: 16 }

/** ComfyUI, with graphs of our own for the usual models, and with workflows of its owner. */
export function createComfyEngine(options: ComfyEngineOptions): Engine {
  const http = createComfyHttp(options)
  const nodes = createServerNodes(http)
  const adviseOnce = createSocketAdvice(http.getSocket)
  const times = { ...USUAL_TIMES, ...options.times }
  const forgetting = createForgetting(http, times.pollMs)
  const models = new Map(options.models.map((model) => [model.name, model]))
  const sent: string[] = []
  const following = new Set<Followed>()
  const freeing = createFreeing({ afterMs: options.freeAfterMs, free: () => freeMemory() })

  const settingsOf = (name: string): ModelSettings => models.get(name) ?? { name, loras: new Map() }

  /** Ids of others in the queue. */
  const othersWork = async (signal: AbortSignal): Promise<string[]> => {
    const queue = parseQueue((await http.get('/queue', signal)).json)
    return [...(queue?.running ?? []), ...(queue?.pending ?? [])].filter((id) => !sent.includes(id))
  }

  const clearLeftovers = async (signal: AbortSignal): Promise<void> => {
    const { sender } = options
    const waiting = parseWaiting((await http.get('/queue', signal)).json)
    const left = waiting.filter(({ sentBy }) => {
      const [by, id = ''] = sentBy.split(' ')
      return by === sender && !sent.includes(id)
    })
    // What began meanwhile is not there any more, and goes on.
    if (left.length > 0) await http.post('/queue', { delete: left.map(({ id }) => id) }, signal)
  }

  const freeMemory = async (): Promise<void> => {
    const signal = new AbortController().signal
    if ((await othersWork(signal)).length > 0) return
    await http.post('/free', { unload_models: true, free_memory: true }, signal)
  }

  const planImage = async (task: ImageTask, run: EngineRun) => {
    const model = settingsOf(task.model)
    return model.workflow ? planWorkflow(task, { run, model }) : planOwn(task, { run, model })
  }

  const planOwn = async (task: ImageTask, { run, model }: { run: EngineRun; model: ModelSettings }) => {
    checkInputs(task)
    const [recipe, sampling] = await Promise.all([
      findRecipe(model, nodes, run.signal),
      nodes.find('KSampler', run.signal)
    ])
    const { family } = recipe
    const rules = { multipleOf: family.multipleOf, maxPixels: family.maxPixels, ...options.sizes }
    const { size, isCallers } = chooseSize(task, { usual: model.size ?? family.size, rules })
    const files = await uploadInputs(task, run, http)
    const inputs = { image: files.get('image'), mask: files.get('mask') }
    const planned = planBuiltIn({ model, recipe, sampling }, { task, size, ...inputs })
    return {
      plan: planned.plan,
      seed: task.seed,
      chosenSize: isCallers ? undefined : size,
      warnings: [...planned.warnings, ...keptTold(task, size)]
    }
  }

  const planWorkflow = async (task: ImageTask, { run, model }: { run: EngineRun; model: ModelSettings }) => {
    const workflow = model.workflow
    if (!workflow) throw new EngineError('crashed', 'This model has no workflow.')
    const hasSize = workflow.places.has('width') && workflow.places.has('height')
    // Where nobody names a size the workflow's own stays, but that of an edit follows its image.
    const isSized = hasSize && (task.size !== undefined || task.inputs.length > 0 || model.size !== undefined)
    const rules = { ...WORKFLOW_SIZES, ...options.sizes }
    const chosen = isSized ? chooseSize(task, { usual: model.size ?? { width: 0, height: 0 }, rules }) : undefined
    const files = await uploadInputs(task, run, http)
    const filled = fillWorkflow(workflow, { task, size: chosen?.size ?? task.size, files })
    return {
      ...filled,
      chosenSize: chosen && !chosen.isCallers ? chosen.size : undefined
    }
  }

  const makePicture = async (
    plan: Plan,
    { run, keepFiles }: { run: EngineRun; keepFiles: boolean }
  ): Promise<Buffer> => {
    const [saver, asksMetadata] = await Promise.all([
      nodes.find('SaveImageWebsocket', run.signal),
      http.get('/features', run.signal).then(({ status }) => status === 200)
    ])
    const parts = {
      http,
      forgetting,
      plan,
      asksMetadata,
      maxImageBytes: options.maxImageBytes,
      sendsPictures: saver !== undefined,
      keepFiles,
      givesWay: options.givesWay ?? false,
      ...(options.previews !== undefined && { previews: options.previews }),
      ...(options.sender !== undefined && { sender: options.sender }),
      onSent: (id: string) => {
        sent.push(id)
        sent.splice(0, sent.length - MOST_REMEMBERED)
      },
      following,
      isOwn: (id: string) => sent.includes(id),
      times
    }
    try {
      return await runJob(parts, run)
    } catch (error) {
      // What was believed to be there is looked for anew.
      if (error instanceof EngineError && error.fault === 'model_missing') nodes.forget()
      throw error
    }
  }

  const giveWay = async (signal: AbortSignal): Promise<void> => {
    if ((await othersWork(signal)).length === 0) return
    throw new EngineError('busy', 'The image server is busy with the work of its owner.', {
      retryAfterMs: OWNERS_PAUSE_MS
    })
  }

  const generate = async (
    task: ImageTask,
    { run, keepFiles }: { run: EngineRun; keepFiles: boolean }
  ): Promise<EngineImage> => {
    if (options.givesWay) await giveWay(run.signal)
    const { plan, seed, chosenSize, warnings } = await planImage(task, run)
    const made = await finishImage({ bytes: await makePicture(plan, { run, keepFiles }) })
    const asked = chosenSize ? undefined : task.size
    return {
      bytes: Readable.from([made.bytes]),
      mediaType: made.mediaType,
      seed,
      ...(chosenSize && { chosenSize }),
      warnings: [...warnings, ...(asked ? sizeTold({ asked, made }) : [])]
    }
  }

  const describe = async (signal: AbortSignal): Promise<ServerDescription> => {
    // Somebody may have started it anew with other files.
    nodes.forget()
    const [{ json }, checkpoints, diffusionModels] = await Promise.all([
      http.get('/system_stats', signal),
      nodes.find('CheckpointLoaderSimple', signal),
      nodes.find('UNETLoader', signal)
    ])
    const summary = parseSystem(json)
    if (summary === undefined) {
      throw notLikeComfy()
    }
    const [found, advice] = await Promise.all([
      Promise.all(options.models.map(async (model) => ((await canLoad(model, signal)) ? [model.name] : []))),
      adviseOnce(signal)
    ])
    const files = [checkpoints?.choices('ckpt_name'), diffusionModels?.choices('unet_name')]
    return {
      models: [...found.flat(), ...files.flatMap((names) => [...(names ?? [])])],
      isWhole: true,
      summary,
      ...advice,
      inventory: await takeInventory({ http, nodes, system: json }, signal)
    }
  }

  /** Whether the server has every file or node that a model needs. */
  const canLoad = async (model: ModelSettings, signal: AbortSignal): Promise<boolean> => {
    try {
      if (!model.workflow) return (await findRecipe(model, nodes, signal)) !== undefined
    } catch (error) {
      if (error instanceof EngineError && error.fault === 'model_missing') return false
      throw error
    }
    const classes = new Set(Object.values(model.workflow.graph).map((node) => node.class_type))
    const found = await Promise.all([...classes].map((name) => nodes.find(name, signal)))
    return found.every((one) => one !== undefined)
  }

  const atWork = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    preferringAbort(signal, async () => {
      const working = freeing.begin()
      try {
        return await work()
      } finally {
        working.end()
      }
    })

  return {
    name: 'comfyui',
    extras: [...OWN_EXTRAS, ...options.models.flatMap(({ workflow }) => [...(workflow?.places.keys() ?? [])])],
    weightsOf: (servedAs) => weightsOf(options.models.find(({ name }) => name === servedAs) ?? { name: servedAs }),
    describe: (signal) => preferringAbort(signal, () => describe(signal)),
    lorasFor: (model, found) => {
      const { workflow, loras } = settingsOf(model)
      return workflow ? [] : [...loras].flatMap(([name, file]) => (found.includes(file) ? [name] : []))
    },
    warm: (model, signal) =>
      atWork(signal, async () => {
        await giveWay(signal)
        return makeSmallest((task, run) => generate(task, { run, keepFiles: false }), model, signal)
      }),
    generate: (task, run) => atWork(run.signal, () => generate(task, { run, keepFiles: options.keepFiles ?? false })),
    clearLeftovers: (signal) => preferringAbort(signal, () => clearLeftovers(signal)),
    close: async () => {
      freeing.close()
      await forgetting.close()
      await http.close()
    }
  }
}

/** Has something done after a time in which nothing was worked on, once. */
function createFreeing({ afterMs, free }: { afterMs: number | undefined; free: () => Promise<void> }) {
  let working = 0
  let timer: NodeJS.Timeout | undefined
  return {
    begin: () => {
      working += 1
      clearTimeout(timer)
      return {
        end: () => {
          working -= 1
          if (working > 0 || afterMs === undefined) return
          // Whoever is away then has freed it already.
          timer = setTimeout(() => inBackground(free(), () => undefined), afterMs).unref()
        }
      }
    },
    close: () => clearTimeout(timer)
  }
}
