import type { ImageKind, ImageTask, Size } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import { isGptImageModel } from '../../images/model-names.ts'
import { varyByEdit } from '../../images/vary-by-edit.ts'
import type { EngineRun } from '../engine.ts'
import { type MultipartFile, multipartBody } from './multipart-body.ts'
import { isNotOffered, isSuccess } from '../upstream-fault.ts'
import type { UpstreamAnswer } from '../upstream-http.ts'
import { requestFields } from './openai-fields.ts'
import type { OpenAIHttp } from './openai-http.ts'
import { inputFiles, type MaskMode } from './openai-inputs.ts'
import { readRefusal } from './openai-refusal.ts'

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
  /** What the server was asked at last, by names on the wire. */
  sent: Record<string, unknown>
  /** The field of the caller's that the answer refuses. */
  refused: string | undefined
  /** The size that was sent, where the caller named none. */
  chosenSize: Size | undefined
  warnings: string[]
}

/** How a task is put to one image server. What it returns throws what `OpenAIHttp` and `requestFields` throw. */
export function createImageRequester(options: { http: OpenAIHttp; profile: OpenAIProfile; sizes: SizeRules }) {
  const { http, profile, sizes } = options
  const { maskMode = 'openai-alpha' } = profile
  /** By path and model, what the server takes no more: known from then on, as long as the agent runs. */
  const refusedBefore = new Map<string, Set<string>>()

  const asksFormat = (model: string): boolean =>
    profile.responseFormat ? profile.responseFormat === 'b64_json' : !isGptImageModel(model)

  /**
   * Multipart when there are files. What the server refuses and the caller did not send is left out, once for each:
   * a refusal costs a server no image. What the caller sent stays, and its refusal is the answer.
   */
  const send = async (
    path: string,
    task: ImageTask,
    run: EngineRun,
    files?: MultipartFile[]
  ): Promise<RequestedImage> => {
    const { fields, dispensable, chosenSize, warnings } = requestFields(task, sizes)
    const all = { ...fields, ...(asksFormat(task.model) && { response_format: 'b64_json' }) }
    const mayLeaveOut = new Set([...dispensable, 'response_format'])
    const known = refusedBefore.get(`${path} ${task.model}`) ?? new Set()
    const isInsisted = (name: string) => name === 'response_format' && profile.responseFormat === 'b64_json'
    let sent = without(all, (name) => known.has(name) && mayLeaveOut.has(name) && !isInsisted(name))
    const learnt: string[] = []
    for (;;) {
      const body = files ? multipartBody(sent, files) : JSON.stringify(sent)
      const answer = await http.post(path, body, run.signal)
      const { names, isUnknown } = readRefusal(answer, Object.keys(sent))
      const refused = names.find((name) => !mayLeaveOut.has(name))
      if (refused !== undefined || names.length === 0) {
        if (isSuccess(answer)) refusedBefore.set(`${path} ${task.model}`, new Set([...known, ...learnt]))
        return { answer, sent, refused, chosenSize: 'size' in sent ? chosenSize : undefined, warnings }
      }
      // Another value may be welcome, but there is only one format to ask for.
      learnt.push(...names.filter((name) => isUnknown || name === 'response_format'))
      sent = without(sent, (name) => names.includes(name))
    }
  }

  const edit = async (task: ImageTask, run: EngineRun): Promise<RequestedImage> =>
    send('/images/edits', task, run, await inputFiles(task, run, { ...profile, maskMode }))

  const variation = async (task: ImageTask, run: EngineRun): Promise<RequestedImage> => {
    const files = await inputFiles(task, run, { editsField: 'image', maskMode })
    const native = await send('/images/variations', task, run, files)
    if (!isNotOffered(native.answer)) return native
    const asEdit = varyByEdit(task)
    const edited = await edit(asEdit.task, run)
    return { ...edited, warnings: [...edited.warnings, asEdit.warning] }
  }

  const requesters: Record<ImageKind, (task: ImageTask, run: EngineRun) => Promise<RequestedImage>> = {
    generation: (task, run) => send('/images/generations', task, run),
    edit,
    variation
  }
  return (task: ImageTask, run: EngineRun): Promise<RequestedImage> => requesters[task.kind](task, run)
}

const without = (fields: Record<string, unknown>, isLeftOut: (name: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !isLeftOut(name)))
