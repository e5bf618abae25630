import { JPEG, PNG } from '@trustnxt/c2pa-ts/asset'
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf'
import { type ActionAssertion, type IngredientAssertion, ManifestStore } from '@trustnxt/c2pa-ts/manifest'

/** What a program that shares nothing with ours finds in the C2PA manifest of a PNG or JPEG, whose signature has no time. */
export async function readManifest(image: Buffer) {
  const bytes = Uint8Array.from(image)
  const asset = PNG.canRead(bytes) ? new PNG(bytes) : new JPEG(bytes)
  const jumbf = asset.getManifestJUMBF()
  if (!jumbf) throw new Error('there is no manifest')
  const store = ManifestStore.read(SuperBox.fromBuffer(Uint8Array.from(jumbf)))
  const { statusEntries } = await store.validate(asset)
  const active = store.getActiveManifest()!
  const assertions = active.assertions?.assertions ?? []
  const of = <T>(label: string) => assertions.filter((one) => one.fullLabel?.startsWith(label) === true) as T[]
  return {
    /** What does not hold; nothing of the chain of trust, which it does not look at. */
    failures: statusEntries.filter(({ success }) => !success).map(({ code }) => code),
    actions: of<ActionAssertion>('c2pa.actions').flatMap(({ actions }) =>
      actions.map(({ action, digitalSourceType }) => ({ action: String(action), digitalSourceType }))
    ),
    ingredients: of<IngredientAssertion>('c2pa.ingredient').map(({ relationship }) => String(relationship)),
    manifests: store.manifests.length,
    serialNumber: active.signature?.signatureData.certificate?.serialNumber,
    bytes: jumbf.length
  }
}
