import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { initSync, WasmBuilder, WasmReader } from '@contentauth/c2pa-wasm'

/** The reference implementation of C2PA (c2pa-rs), compiled for browsers. */
export interface C2paLibrary {
  Builder: typeof WasmBuilder
  Reader: typeof WasmReader
}

/** Bytes as the library takes them. */
export class BytesBlob extends Blob {
  readonly content: Uint8Array
  constructor(content: Uint8Array) {
    super([])
    this.content = content
    Object.defineProperty(this, 'size', { value: content.byteLength })
  }
  override slice(start = 0, end = this.size): Blob {
    return new BytesBlob(this.content.subarray(start, end))
  }
}

/** What threads of browsers have and the library asks for; of a blob it gets the content without waiting. */
class FileReaderSync {
  readAsArrayBuffer(blob: BytesBlob): ArrayBufferLike {
    const { buffer, byteOffset, byteLength } = blob.content
    return buffer.slice(byteOffset, byteOffset + byteLength)
  }
}

/**
 * What the library is told of in each call: it fetches nothing, puts no thumbnails (which would show the picture that an edit
 * began with) into manifests, and whom to trust.
 */
export const librarySettings = (trust: { user_anchors?: string } = {}): string =>
  JSON.stringify({
    version: 1,
    builder: { thumbnail: { enabled: false } },
    verify: { verify_after_sign: false, verify_trust: true, remote_manifest_fetch: false, ocsp_fetch: false },
    trust
  })

/**
 * Loads the library into a thread that does nothing else: it changes what is global there. Manifests of strangers name addresses
 * where more of them lies, so the thread has no `fetch` afterwards.
 */
export async function loadC2pa(): Promise<C2paLibrary> {
  Object.assign(globalThis, {
    FileReaderSync,
    fetch: () => Promise.reject(new Error('Nothing is fetched for a manifest.'))
  })
  const module = await readFile(createRequire(import.meta.url).resolve('@contentauth/c2pa-wasm/c2pa.wasm'))
  initSync({ module })
  return { Builder: WasmBuilder, Reader: WasmReader }
}
