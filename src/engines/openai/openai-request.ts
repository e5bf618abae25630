import type { ImageKind, ImageTask, Size } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import { isGptImageModel } from '../../images/model-names.ts'
import { varyByEdit } from '../../images/vary-by-edit.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import { type MultipartFile, multipartBody } from './multipart-body.ts'
import { isNotOffered, isSuccess } from '../upstream-fault.ts'
import type { LiftedPictures } from '../lifted-pictures.ts'
import type { UpstreamAnswer } from '../upstream-http.ts'
import { requestFields, USUAL_SIZES } from './openai-fields.ts'
import type { OpenAIHttp } from './openai-http.ts'
import { inputFields, inputFiles } from './openai-inputs.ts'
import { readRefusal } from './openai-refusal.ts'
import { looksLikeEvents, readImageEvents } from './openai-stream.ts'
import type { ServerProfile } from './profiles.ts'

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

export interface ImageRequesterOptions {
  http: OpenAIHttp
  /** What is known of the server by now. */
  profileOf: (signal: AbortSignal) => Promise<ServerProfile>
  /** What its owner says of sizes, before the profile. */
  sizes: Partial<SizeRules>
  /** Previews to ask for, where any are wanted. */
  previews: number
  maxImageBytes: number
}

/** How a task is put to one image server. What it returns throws what `OpenAIHttp` and `requestFields` throw. */
export function createImageRequester(options: ImageRequesterOptions) {
  const { http, profileOf, previews, maxImageBytes } = options
  /** By path and model, what the server takes no more: known from then on, as long as the agent runs. */
  const refusedBefore = new Map<string, Set<string>>()

  const asksFormat = ({ responseFormat }: ServerProfile, model: string): boolean =>
    responseFormat ? responseFormat === 'b64_json' : !isGptImageModel(model)

  /**
   * Multipart when there are files. What the server refuses and the caller did not send is left out, once for each:
   * a refusal costs a server no image. What the caller sent stays, and its refusal is the answer.
   */
  const send = async (path: string, { task, run, profile, ...inputs }: Sending): Promise<RequestedImage> => {
    const sizes = { ...USUAL_SIZES, ...profile.sizes, ...options.sizes }
    const { fields, dispensable, nameOf, chosenSize, warnings } = requestFields(task, profile, sizes)
    const all = {
      ...fields,
      ...(asksFormat(profile, task.model) && { response_format: 'b64_json' }),
      ...(previews > 0 && !profile.neverStreams && { stream: true, partial_images: previews }),
      ...inputs.fields
    }
    const mayLeaveOut = new Set([...dispensable, 'response_format', ...STREAMING])
    const known = refusedBefore.get(`${path} ${task.model}`) ?? new Set()
    const isInsisted = (name: string) => name === 'response_format' && profile.responseFormat === 'b64_json'
    let sent = without(all, (name) => known.has(name) && mayLeaveOut.has(name) && !isInsisted(name))
    const learnt: string[] = []
    const readEvents = (body: AsyncIterable<Uint8Array>, lifted?: LiftedPictures) =>
      readImageEvents(body, { run, maxImageBytes, lifted })
    for (;;) {
      const body = inputs.files ? multipartBody(sent, inputs.files) : JSON.stringify(sent)
      const answer = await http.post(path, body, run.signal, { readEvents, liftsPictures: true })
      const refusal = readRefusal(answer, Object.keys(sent))
      // One says nothing without the other.
      const names = refusal.names.some(isStreaming) ? [...new Set([...refusal.names, ...STREAMING])] : refusal.names
      const refused = names.find((name) => !mayLeaveOut.has(name))
      if (refused !== undefined || names.length === 0) {
        if (isSuccess(answer)) refusedBefore.set(`${path} ${task.model}`, new Set([...known, ...learnt]))
        return {
          answer:
            isSuccess(answer) && looksLikeEvents(answer.body)
              ? await readEvents(pieces(answer.body), answer.pictures)
              : answer,
          sent,
          refused: refused && nameOf(refused),
          chosenSize: 'size' in sent ? chosenSize : undefined,
          warnings
        }
      }
      // Another value may be welcome, but there is only one format to ask for.
      learnt.push(...names.filter((name) => refusal.isUnknown || name === 'response_format' || isStreaming(name)))
      sent = without(sent, (name) => names.includes(name))
    }
  }

  const edit = async (sending: Sending): Promise<RequestedImage> => {
    const { task, run, profile } = sending
    const { edits = 'form', editsField, mask: maskMode = 'openai-alpha' } = profile
    if (edits === 'none') throw new EngineError('crashed', 'The image server makes no edits.')
    const files = await inputFiles(task, run, { ...(editsField && { editsField }), maskMode })
    if (edits === 'form') return send('/images/edits', { ...sending, files })
    const fields = inputFields(files, edits)
    return send(edits === 'files' ? '/images/generations' : '/images/edits', { ...sending, fields })
  }

  const variation = async (sending: Sending): Promise<RequestedImage> => {
    const { task, run } = sending
    const files = await inputFiles(task, run, { editsField: 'image', maskMode: 'openai-alpha' })
    const native = await send('/images/variations', { ...sending, files })
    if (!isNotOffered(native.answer)) return native
    const asEdit = varyByEdit(task)
    const edited = await edit({ ...sending, task: asEdit.task })
    return { ...edited, warnings: [...edited.warnings, asEdit.warning] }
  }

  const requesters: Record<ImageKind, (sending: Sending) => Promise<RequestedImage>> = {
    generation: (sending) => send('/images/generations', sending),
    edit,
    variation
  }
  return async (task: ImageTask, run: EngineRun): Promise<RequestedImage> =>
    requesters[task.kind]({ task, run, profile: await profileOf(run.signal) })
}

interface Sending {
  task: ImageTask
  run: EngineRun
  profile: ServerProfile
  /** Its pictures, as parts of a form … */
  files?: MultipartFile[]
  /** … or as fields beside the others. */
  fields?: Record<string, unknown>
}

const STREAMING = ['stream', 'partial_images']
const isStreaming = (name: string): boolean => STREAMING.includes(name)

async function* pieces(body: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(body)
}

const without = (fields: Record<string, unknown>, isLeftOut: (name: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !isLeftOut(name)))
