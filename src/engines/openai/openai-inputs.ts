import type { ImageTask } from '../../images/image-request.ts'
import { decodeWhiteOnBlackPng, encodeAlphaPng } from '../../images/mask.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import { readInput } from '../read-input.ts'
import type { MultipartFile } from './multipart-body.ts'
import type { MaskMode } from './profiles.ts'

export interface InputNaming {
  /** Absent: `image` for one image and `image[]` for several, as OpenAI's own clients do. */
  editsField?: 'image' | 'image[]'
  maskMode: MaskMode
}

/** The images and the mask of a task as parts of an edit, in the caller's order. */
export async function inputFiles(task: ImageTask, run: EngineRun, naming: InputNaming): Promise<MultipartFile[]> {
  const images = task.inputs.filter((input) => input.name !== 'mask').length
  const imageField = naming.editsField ?? (images === 1 ? 'image' : 'image[]')
  const files: MultipartFile[] = []
  for (const input of task.inputs) {
    const isMask = input.name === 'mask'
    const bytes = await readInput(input.name, run)
    // Elsewhere there may be a server that can.
    if (isMask && naming.maskMode === 'none') throw new EngineError('crashed', 'The image server takes no masks.')
    const sent = isMask && naming.maskMode === 'openai-alpha' ? await asAlphaMask(bytes) : bytes
    files.push({
      field: isMask ? 'mask' : imageField,
      filename: `${input.name}.${input.mediaType.replace('image/', '')}`,
      mediaType: input.mediaType,
      bytes: sent
    })
  }
  return files
}

/** The same pictures as fields of JSON. */
export function inputFields(files: readonly MultipartFile[], form: 'json' | 'files'): Record<string, unknown> {
  const text = ({ bytes }: MultipartFile) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  const images = files.filter(({ field }) => field !== 'mask')
  if (form === 'files') return { files: images.map(text) }
  const reference = (file: MultipartFile) => ({ image_url: `data:${file.mediaType};base64,${text(file)}` })
  const mask = files.find(({ field }) => field === 'mask')
  return { images: images.map(reference), ...(mask && { mask: reference(mask) }) }
}

const asAlphaMask = async (mask: Buffer): Promise<Buffer> => encodeAlphaPng(await decodeWhiteOnBlackPng(mask))
