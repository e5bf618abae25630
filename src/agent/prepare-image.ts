import { ImageRejected } from '../images/image-inspector.ts'
import type { ImageTask, Size } from '../images/image-request.ts'
import { type ImageMediaType, mediaTypeOfFormat } from '../images/media-types.ts'
import { transcodeImage, verifyDecodes } from '../images/transcode.ts'
import { EngineError } from '../engines/engine.ts'

export interface PreparedImage extends Size {
  bytes: Buffer
  mediaType: ImageMediaType
}

/**
 * Makes sure that what an engine returned is an image, by decoding all of it, and converts it when another format was
 * asked for; otherwise the engine's own bytes go on unchanged. Throws `EngineError` `bad_output`, and the reason of `signal`
 * as soon as it is not wanted any more, but for what is being decoded then.
 */
export async function prepareImage(
  bytes: Buffer,
  task: Pick<ImageTask, 'output_format' | 'output_compression' | 'background'>,
  { maxPixels, signal }: { maxPixels: number; signal: AbortSignal }
): Promise<PreparedImage> {
  try {
    signal.throwIfAborted()
    const facts = await verifyDecodes(bytes, maxPixels)
    if (!task.output_format || mediaTypeOfFormat(task.output_format) === facts.mediaType) {
      return { bytes, mediaType: facts.mediaType, width: facts.width, height: facts.height }
    }
    signal.throwIfAborted()
    return await transcodeImage({
      input: bytes,
      format: task.output_format,
      maxPixels,
      ...(task.output_compression !== undefined && { compression: task.output_compression }),
      ...(task.background !== undefined && { background: task.background })
    })
  } catch (error) {
    if (!(error instanceof ImageRejected)) throw error
    throw new EngineError('bad_output', `The image server did not deliver a usable image. ${error.message}`, {
      cause: error
    })
  }
}
