import { X509Certificate } from 'node:crypto'
import { workerData } from 'node:worker_threads'
import { BytesBlob, type C2paLibrary, librarySettings, loadC2pa } from './c2pa-library.ts'
import type { CheckAnswer, CheckOrder, CheckSetup } from './check-messages.ts'
import { serveThread } from './serve-thread.ts'
import { splitCertificates } from './signer.ts'

/** What is looked at of what the library says. */
interface ManifestStore {
  active_manifest?: string
  manifests: Record<string, { signature_info?: { cert_serial_number?: string } } | undefined>
  validation_state?: string
}

/** Checks manifests of strangers in a thread of its own: whatever they do to the library, marking goes on. */
const chains = (workerData as CheckSetup).signers.map(splitCertificates)
const anchors = chains.flatMap(([, ...vouching]) => vouching).join('')
const serials = new Set(chains.flatMap(([own]) => (own === undefined ? [] : serialOf(own))))
const loading = loadC2pa()

function serialOf(certificate: string): string {
  return BigInt(`0x${new X509Certificate(certificate).serialNumber}`).toString()
}

/**
 * Whether the newest manifest is whole, fits the bytes, and was signed by one of our certificates: by its number, which
 * whoever vouches for it gives once.
 */
async function isOurs({ Reader }: C2paLibrary, { bytes, mediaType }: CheckOrder): Promise<boolean> {
  const reader = await Reader.fromBlob(mediaType, new BytesBlob(bytes), librarySettings({ user_anchors: anchors }))
  try {
    const store = JSON.parse(reader.json()) as ManifestStore
    const signed = store.manifests[store.active_manifest ?? '']?.signature_info
    return store.validation_state === 'Trusted' && serials.has(signed?.cert_serial_number ?? '')
  } finally {
    reader.free()
  }
}

serveThread<CheckOrder, CheckAnswer>(async (order) => {
  const library = await loading
  // Without a manifest, or with one that cannot be read, it says so by an error.
  return isOurs(library, order).then(
    (is) => ({ isOurs: is }),
    (error: unknown) => ({ isOurs: false, isBroken: (error as Error | undefined)?.name === 'RuntimeError' })
  )
})
