import { Readable } from 'node:stream'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { ImageTask } from '../../images/image-request.ts'
import { mediaTypeOfFormat } from '../../images/media-types.ts'
import type { Engine, EngineImage, EngineRun } from '../engine.ts'
import { encodePicture, encodePreview } from './encode-picture.ts'
import type { Painting } from './paint-messages.ts'
import { createPaintThread } from './paint-thread.ts'
import type { PaintJob } from './picture.ts'
import { previewSteps } from './previews.ts'
import { readInputs } from './read-inputs.ts'
import { MOST_STEPS, unusedOptions } from './unused-options.ts'

export interface DemoEngineOptions {
  /** The least a step takes, so that progress can be watched; 0 paints as fast as it can. */
  stepTimeMs: number
}

const DEFAULT_STEPS = 20

/** What is painted anew when the caller does not say: a masked area wholly, else so much that the source still shows. */
function strengthOf({ kind, strength }: ImageTask, masked: boolean): number {
  const usual = masked ? 1 : kind === 'variation' ? 0.5 : 0.6
  return Math.min(1, Math.max(0, strength ?? usual))
}

async function prepareJob(task: ImageTask, run: EngineRun): Promise<PaintJob> {
  const inputs = await readInputs(task, run)
  return {
    ...inputs,
    prompt: task.kind === 'variation' ? '' : task.prompt,
    negativePrompt: task.negative_prompt ?? '',
    seed: task.seed,
    transparent: task.background === 'transparent' && task.output_format !== 'jpeg',
    strength: strengthOf(task, inputs.mask !== undefined)
  }
}

interface Steps {
  steps: number
  stepTimeMs: number
  painting: Promise<Painting>
  signal: AbortSignal
}

/** Reports steps and previews at the pace of a GPU while the picture is painted beside it. */
async function walkSteps(run: EngineRun, { steps, stepTimeMs, painting, signal }: Steps): Promise<void> {
  const shown = previewSteps(steps)
  run.onProgress(0, steps)
  for (let step = 1; step <= steps; step++) {
    await (stepTimeMs > 0 ? setTimeout(stepTimeMs, undefined, { signal }) : setImmediate(undefined, { signal }))
    const preview = shown.includes(step) ? (await painting).previews[shown.indexOf(step)] : undefined
    const encoded = preview && (await encodePreview(preview))
    signal.throwIfAborted()
    run.onProgress(step, steps)
    if (encoded) run.onPreview(encoded, 'image/jpeg')
  }
}

/**
 * A procedural painter: no model, no weights, so the product can be tried and tested on any machine. The same prompt,
 * seed, size and inputs give the same pixels. It throws `EngineError` `bad_request` for inputs that are no images and
 * `crashed` when its thread ends.
 */
export function createDemoEngine({ stepTimeMs }: DemoEngineOptions): Engine {
  const thread = createPaintThread()

  const generate = async (task: ImageTask, run: EngineRun): Promise<EngineImage> => {
    const steps = Math.min(MOST_STEPS, Math.max(1, Math.round(task.steps ?? DEFAULT_STEPS)))
    const format = task.output_format ?? 'png'
    const job = await prepareJob(task, run)
    // Whatever fails first also ends the rest: no progress is told of a picture that will not come.
    const ending = new AbortController()
    const signal = AbortSignal.any([run.signal, ending.signal])
    try {
      const painting = thread.paint(job, { previewCount: previewSteps(steps).length, signal })
      const encoding = painting.then(({ picture }) => encodePicture(picture, format, task.output_compression))
      const [bytes] = await Promise.all([encoding, walkSteps(run, { steps, stepTimeMs, painting, signal })])
      return {
        bytes: Readable.from([bytes]),
        mediaType: mediaTypeOfFormat(format),
        seed: task.seed,
        warnings: unusedOptions(task)
      }
    } finally {
      ending.abort()
    }
  }

  return {
    name: 'demo',
    // It uses none, and says so of each.
    extras: 'any',
    describe: async (signal) => {
      signal.throwIfAborted()
      return {
        models: [],
        summary: 'Procedural painter for demonstrations: no weights, no AI. Prompt and seed decide the picture.'
      }
    },
    // It has nothing to load.
    warm: (_model, signal) => untilAborted(signal, () => Promise.resolve('warmed' as const)),
    generate: (task, run) => untilAborted(run.signal, () => generate(task, run)),
    close: () => thread.close()
  }
}

/** The work's outcome, or at once the signal's reason when it is aborted before. */
async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([aborted, work()])
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
