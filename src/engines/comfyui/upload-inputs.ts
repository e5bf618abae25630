import { randomUUID } from 'node:crypto'
import type { ImageTask } from '../../images/image-request.ts'
import { decodeWhiteOnBlackPng, encodeAlphaPng } from '../../images/mask.ts'
import type { EngineRun } from '../engine.ts'
import { readInput } from '../read-input.ts'
import type { ComfyHttp } from './comfyui-http.ts'

/**
 * Gives the server the images and the mask of a task; returns the names of its files by `image`, `image2`, … and `mask`.
 *
 * A mask is sent in a form that every way to read one takes alike: transparent **and** white where something is to change.
 * ComfyUI's `LoadImage` and `LoadImageMask` take 1 − alpha, or the colour that they are told to look at.
 */
export async function uploadInputs(task: ImageTask, run: EngineRun, http: ComfyHttp): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  let images = 0
  for (const { name, mediaType } of task.inputs) {
    const bytes = await readInput(name, run)
    const isMask = name === 'mask'
    const place = isMask ? 'mask' : ++images === 1 ? 'image' : `image${images}`
    const picture = {
      bytes: isMask ? await encodeAlphaPng(await decodeWhiteOnBlackPng(bytes)) : bytes,
      mediaType,
      // Nobody's picture may take the place of another's.
      name: `inference-club-${randomUUID()}.${mediaType.replace('image/', '')}`
    }
    files.set(place, await http.upload(picture, run.signal))
  }
  return files
}
