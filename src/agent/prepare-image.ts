import { inspectSource } from '../images/decode-image.ts'
import { orientedSize } from '../images/image-inspector.ts'
import type { ImageTask, Size } from '../images/image-request.ts'
import { type ImageMediaType, mediaTypeOfFormat } from '../images/media-types.ts'
import { stripMetadata } from '../images/metadata/strip-metadata.ts'
import { transcodeInspected } from '../images/transcode.ts'
import { verifyPixels } from '../images/verify-pixels.ts'
import { asBadOutput } from '../engines/as-bad-output.ts'

export interface PreparedImage extends Size {
  /** Of its file, in order. */
  pieces: readonly Buffer[]
  mediaType: ImageMediaType
  warnings: string[]
}

const BROKEN_MANIFEST =
  'What the image server wrote about its work was taken out of the file: its Content Credentials (C2PA) stay and no longer match it.'
const LOST_MANIFEST = 'The image was converted, which the Content Credentials (C2PA) that it came with do not survive.'

/**
 * Makes sure that what an engine returned is an image (`verifyPixels`), and converts it when another format was
 * asked for, which decodes all of it; otherwise the engine's own bytes go on, without what image servers write into them (prompts, workflows, paths)
 * unless the owner keeps that. Marks of where an image comes from stay (decision 0026). Throws `EngineError` `bad_output`, and the
 * reason of `signal` as soon as it is not wanted any more, but for what is being decoded then.
 */
export async function prepareImage(
  bytes: Buffer,
  task: Pick<ImageTask, 'output_format' | 'output_compression' | 'background'>,
  { maxPixels, keepMetadata = false, signal }: { maxPixels: number; keepMetadata?: boolean; signal: AbortSignal }
): Promise<PreparedImage> {
  try {
    signal.throwIfAborted()
    const facts = await inspectSource(bytes, maxPixels)
    const { mediaType } = facts
    const stripped = stripMetadata(bytes, mediaType)
    if (!task.output_format || mediaTypeOfFormat(task.output_format) === mediaType) {
      await verifyPixels(bytes, facts)
      const isBroken = stripped.hasManifest && !keepMetadata && stripped.pieces[0] !== bytes
      return {
        mediaType,
        ...orientedSize(facts),
        pieces: keepMetadata ? [bytes] : stripped.pieces,
        warnings: isBroken ? [BROKEN_MANIFEST] : []
      }
    }
    // Which goes through all pixels as well.
    const transcoded = await transcodeInspected(bytes, {
      facts,
      format: task.output_format,
      sourceType: stripped.sourceType,
      ...(task.output_compression !== undefined && { compression: task.output_compression }),
      ...(task.background !== undefined && { background: task.background })
    })
    // Encoders put marks where few readers look.
    const { pieces } = stripMetadata(transcoded.bytes, transcoded.mediaType)
    const { mediaType: madeAs, width, height } = transcoded
    return { pieces, mediaType: madeAs, width, height, warnings: stripped.hasManifest ? [LOST_MANIFEST] : [] }
  } catch (error) {
    throw asBadOutput(error)
  }
}
