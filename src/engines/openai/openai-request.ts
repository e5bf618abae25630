import type { ImageKind, ImageTask } from '../../images/image-request.ts'
import { isGptImageModel } from '../../images/model-names.ts'
import type { EngineRun } from '../engine.ts'
import { type MultipartFile, multipartBody } from './multipart-body.ts'
import { isNotOffered, isSuccess, refusesResponseFormat, type UpstreamAnswer } from './openai-fault.ts'
import { requestFields } from './openai-fields.ts'
import type { OpenAIHttp } from './openai-http.ts'
import { inputFiles, type MaskMode } from './openai-inputs.ts'

/** Where compatible servers differ and cannot be asked. */
export interface OpenAIProfile {
  /** Default: ask for base64, but not from OpenAI's GPT Image models, which refuse to be asked. */
  responseFormat?: 'omit' | 'b64_json'
  /** Default: `image` for one image, `image[]` for several. */
  editsField?: 'image' | 'image[]'
  /** Default: `openai-alpha`. */
  maskMode?: MaskMode
}

export interface RequestedImage {
  answer: UpstreamAnswer
  warnings: string[]
}

const VARIATION_PROMPT = 'A variation of this image'
const VARIATION_WARNING = 'The image server has no variations: this is an edit of the image.'

/** How a task is put to one image server. What it returns throws what `OpenAIHttp` and `requestFields` throw. */
export function createImageRequester(options: { http: OpenAIHttp; profile: OpenAIProfile }) {
  const { http, profile } = options
  const { maskMode = 'openai-alpha' } = profile
  let refusesFormat = false

  const asksFormat = (model: string): boolean =>
    profile.responseFormat ? profile.responseFormat === 'b64_json' : !refusesFormat && !isGptImageModel(model)

  /** Multipart when there are files. A server that refuses `response_format` is asked without it, now and later. */
  const send = async (
    path: string,
    task: ImageTask,
    run: EngineRun,
    files?: MultipartFile[]
  ): Promise<RequestedImage> => {
    const { fields, warnings } = requestFields(task)
    const post = (body: Record<string, unknown>) =>
      http.post(path, files ? multipartBody(body, files) : JSON.stringify(body), run.signal)
    if (!asksFormat(task.model)) return { answer: await post(fields), warnings }

    const answer = await post({ ...fields, response_format: 'b64_json' })
    if (!refusesResponseFormat(answer)) return { answer, warnings }
    const again = await post(fields)
    refusesFormat ||= isSuccess(again)
    return { answer: again, warnings }
  }

  const edit = async (task: ImageTask, run: EngineRun): Promise<RequestedImage> =>
    send('/images/edits', task, run, await inputFiles(task, run, { ...profile, maskMode }))

  const variation = async (task: ImageTask, run: EngineRun): Promise<RequestedImage> => {
    const files = await inputFiles(task, run, { editsField: 'image', maskMode })
    const native = await send('/images/variations', task, run, files)
    if (!isNotOffered(native.answer)) return native
    const edited = await edit({ ...task, kind: 'edit', prompt: VARIATION_PROMPT }, run)
    return { ...edited, warnings: [...edited.warnings, VARIATION_WARNING] }
  }

  const requesters: Record<ImageKind, (task: ImageTask, run: EngineRun) => Promise<RequestedImage>> = {
    generation: (task, run) => send('/images/generations', task, run),
    edit,
    variation
  }
  return (task: ImageTask, run: EngineRun): Promise<RequestedImage> => requesters[task.kind](task, run)
}
