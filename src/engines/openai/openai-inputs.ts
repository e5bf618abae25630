import type { ImageTask } from '../../images/image-request.ts'
import { decodeWhiteOnBlackPng, encodeAlphaPng } from '../../images/mask.ts'
import type { EngineRun } from '../engine.ts'
import { readInput } from '../read-input.ts'
import type { MultipartFile } from './multipart-body.ts'

/**
 * How the server reads a mask.
 * - `openai-alpha`: where its alpha is 0 there is change (OpenAI).
 * - `white-edit`: where it is white there is change (stable-diffusion.cpp, Lemonade, LocalAI).
 */
export type MaskMode = 'openai-alpha' | 'white-edit'

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
    const sent = isMask && naming.maskMode === 'openai-alpha' ? await asAlphaMask(bytes) : bytes
    files.push({
      field: isMask ? 'mask' : imageField,
      filename: `${input.name}.${input.mediaType.replace('image/', '')}`,
      bytes: new Blob([sent], { type: input.mediaType })
    })
  }
  return files
}

const asAlphaMask = async (mask: Buffer): Promise<Buffer<ArrayBuffer>> =>
  (await encodeAlphaPng(await decodeWhiteOnBlackPng(mask))) as Buffer<ArrayBuffer>
