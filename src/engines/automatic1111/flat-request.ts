import type { ImageTask, Size } from '../../images/image-request.ts'
import { scaleImage } from '../../images/scale-image.ts'
import { chooseSize } from '../choose-size.ts'
import { MAX_MADE_PIXELS } from '../finish-image.ts'
import { cleanPrompts, type RequestRules, type ServerRequest } from './automatic1111-request.ts'

/** Settings that are sent although the app does not list them. */
const ALWAYS_TAKEN = ['prompt', 'negative_prompt', 'seed', 'init_images']
const SIDE_STEP = 64
const USUAL_SIZE: Size = { width: 512, height: 512 }

/**
 * A task as Draw Things takes it: settings by its own names, of which it refuses every one that it does not list. It has
 * no masks and makes one image of one, which must be as large as what is asked for.
 */
export async function buildFlatRequest(
  task: ImageTask,
  { rules, settings, original }: { rules: RequestRules; settings: ReadonlySet<string>; original?: Buffer }
): Promise<ServerRequest> {
  const { prompt, negative, warnings } = cleanPrompts(task, [])
  const { size } = chooseSize(task, { usual: USUAL_SIZE, rules: { ...rules.sizes, multipleOf: SIDE_STEP } })
  const usual = rules.parameters.fields
  const fields: Record<string, unknown> = {
    ...usual,
    prompt,
    negative_prompt: negative,
    seed: task.seed,
    ...size,
    batch_count: 1,
    batch_size: 1,
    steps: task.steps ?? usual.steps,
    guidance_scale: task.guidance_scale ?? usual.guidance_scale,
    sampler: task.sampler ?? usual.sampler,
    ...(original && {
      strength: task.strength ?? usual.strength ?? 0.75,
      init_images: [(await scaleImage(original, size, MAX_MADE_PIXELS)).toString('base64')]
    })
  }
  const isTaken = ([name, value]: [string, unknown]) =>
    value !== undefined && (settings.has(name) || ALWAYS_TAKEN.includes(name))
  const unsent = Object.keys(task.extra).slice(0, 10)
  return {
    path: original ? '/sdapi/v1/img2img' : '/sdapi/v1/txt2img',
    body: Object.fromEntries(Object.entries(fields).filter(isTaken)),
    size,
    steps: typeof fields.steps === 'number' ? fields.steps : 1,
    warnings: [...warnings, ...unsent.map((name) => `'${name.slice(0, 40)}' was not sent to the image server.`)]
  }
}
