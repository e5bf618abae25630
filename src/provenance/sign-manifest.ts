import { randomUUID } from 'node:crypto'
import type { ImageMediaType } from '../images/media-types.ts'
import { COMPOSITE, TRAINED } from '../images/metadata/source-type.ts'
import { VERSION } from '../lib/version.ts'
import { BytesBlob, type C2paLibrary, librarySettings } from './c2pa-library.ts'
import type { SourceImage } from './mark-messages.ts'
import { signatureSize, signClaim } from './cose-signature.ts'
import type { Signer } from './signer.ts'

export interface ManifestOf {
  image: Uint8Array
  mediaType: ImageMediaType
  isComposite: boolean
  /** The image as its server signed it, before anything was written into it here. */
  signedBefore?: Uint8Array | undefined
  /** The pictures that an edit or a variation began with; with bytes, for their manifests. */
  sources: readonly SourceImage[]
}

type Named = SourceImage & { label: string; relationship: 'parentOf' | 'inputTo' }

/**
 * The image with a C2PA manifest in it, which says that a model made it and of what, and nothing of whom or how: no prompt, no
 * names, no paths. What was signed before stays in it as an ingredient.
 */
export async function signManifest(
  { Builder }: C2paLibrary,
  {
    signer,
    stamp
  }: { signer: Signer; stamp?: ((signature: Uint8Array) => Promise<Uint8Array | undefined>) | undefined },
  of: ManifestOf
): Promise<Uint8Array> {
  const ingredients = nameIngredients(of)
  const builder = Builder.fromJson(JSON.stringify(definitionOf(of, ingredients)), librarySettings())
  try {
    for (const { label, relationship, mediaType, bytes } of ingredients) {
      const ingredient = JSON.stringify({
        label,
        relationship,
        format: mediaType,
        instance_id: `xmp:iid:${randomUUID()}`
      })
      // What it has for a manifest may be anything.
      const isRead =
        bytes &&
        (await builder.addIngredientFromBlob(ingredient, mediaType, new BytesBlob(bytes)).then(
          () => true,
          () => false
        ))
      if (isRead !== true) builder.addIngredient(ingredient)
    }
    const size = signatureSize(signer, stamp !== undefined)
    const sign = async (claim: Uint8Array) =>
      new Uint8Array(await signClaim(claim, { signer, size, stamp: stamp ?? (() => Promise.resolve(undefined)) }))
    const { name: alg } = signer.algorithm
    return await builder.sign({ sign, reserveSize: size, alg }, [], of.mediaType, new BytesBlob(of.image))
  } finally {
    builder.free()
  }
}

/** A manifest has one parent: what its server signed, or else the first picture of an edit. */
function nameIngredients({ mediaType, signedBefore, sources }: ManifestOf): Named[] {
  const all: SourceImage[] = [...(signedBefore ? [{ mediaType, bytes: signedBefore }] : []), ...sources]
  return all.map((one, index) => ({
    ...one,
    label: `ingredient${index}`,
    relationship: index === 0 ? 'parentOf' : 'inputTo'
  }))
}

function definitionOf({ isComposite }: ManifestOf, ingredients: readonly Named[]): object {
  const digitalSourceType = isComposite ? COMPOSITE : TRAINED
  const labels = (relationship: Named['relationship']) =>
    ingredients.filter((one) => one.relationship === relationship).map(({ label }) => label)
  const [parents, inputs] = [labels('parentOf'), labels('inputTo')]
  const edited = {
    action: isComposite ? 'c2pa.edited' : 'c2pa.edited.metadata',
    digitalSourceType,
    ...(inputs.length > 0 && { parameters: { ingredientIds: inputs } })
  }
  const actions =
    parents.length === 0
      ? [{ action: 'c2pa.created', digitalSourceType }]
      : [{ action: 'c2pa.opened', parameters: { ingredientIds: parents } }, edited]
  return {
    claim_generator_info: [{ name: 'inference.club', version: VERSION }],
    assertions: [{ label: 'c2pa.actions.v2', data: { actions } }]
  }
}
