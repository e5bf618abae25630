import { strFromU8, unzipSync } from 'fflate'

/** What `requests-….ndjson` of an archive say of one request. */
export interface ExportedRequest {
  id: string
  kind: string
  status: string
  visibility: string
  prompt: string
  n: number
  parameters: Record<string, unknown>
  images: {
    kind: string
    position: number
    asset_id: string
    file: string | null
    missing?: string
    sha256: string
    seed: number | null
  }[]
}

/** An archive of somebody's images, read by a library that did not write it, which verifies its sums. */
export function readArchive(bytes: Uint8Array) {
  const files = new Map(Object.entries(unzipSync(bytes)))
  const text = (name: string) => strFromU8(files.get(name)!)
  const names = [...files.keys()].filter((name) => /^requests-\d{4}\.ndjson$/.test(name))
  const lines = names.flatMap((name) => text(name).split('\n').filter(Boolean))
  return {
    files,
    /** All of it that is text. */
    text: [...names, 'export.json'].map(text).join(''),
    summary: JSON.parse(text('export.json')) as Record<string, unknown>,
    requests: lines.map((line) => JSON.parse(line) as ExportedRequest),
    images: new Map([...files].filter(([name]) => name.startsWith('images/')))
  }
}
