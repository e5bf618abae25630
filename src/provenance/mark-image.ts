import { ImageInspector } from '../images/image-inspector.ts'
import { markSourceType } from '../images/metadata/mark-source-type.ts'
import { stripMetadata } from '../images/metadata/strip-metadata.ts'
import { toError } from '../lib/async.ts'
import type { MarkAnswer, MarkOrder, SourceImage } from './mark-messages.ts'
import type { ManifestOf } from './sign-manifest.ts'

/** Signs what it is given; tells why when the signature has no time. */
export type Sign = (of: ManifestOf) => Promise<{ bytes: Uint8Array; unstamped?: string }>

/**
 * Writes into an image what the layers say. One that cannot be signed has the others all the same, and its own manifest is as
 * whole as it came.
 */
export async function markImage(
  { bytes, isComposite, sources }: MarkOrder,
  { layers, sign }: { layers: readonly string[]; sign: Sign | undefined }
): Promise<MarkAnswer> {
  const image = asBuffer(bytes)
  const inspector = new ImageInspector({ maxPixels: Infinity })
  inspector.write(image)
  const facts = inspector.end()
  const name = (isSignedNext: boolean) =>
    layers.includes('xmp') ? markSourceType(image, facts, { isComposite, isSignedNext }) : image
  const answer = (marked: Buffer) => (marked === image ? {} : { bytes: marked })
  if (!sign) return answer(name(false))
  try {
    return await sign({
      image: name(true),
      mediaType: facts.mediaType,
      isComposite,
      ...(hasManifest({ bytes: image, mediaType: facts.mediaType }) && { signedBefore: image }),
      sources: sources.map((source) => (hasManifest(source) ? source : { mediaType: source.mediaType }))
    })
  } catch (error) {
    // Of WebAssembly, which has no way back from it.
    const isBroken = (error as Error).name === 'RuntimeError'
    return { ...answer(name(false)), unsigned: toError(error).message, isBroken }
  }
}

function hasManifest({ bytes, mediaType }: SourceImage): boolean {
  if (!bytes) return false
  try {
    return stripMetadata(asBuffer(bytes), mediaType).hasManifest
  } catch {
    return false // Whatever it is, it was taken; what cannot be read has nothing to be kept.
  }
}

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength)
