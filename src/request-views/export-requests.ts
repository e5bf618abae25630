import type { Assets } from '../assets/assets.ts'
import type { Database } from '../db/database.ts'
import { formatSize } from '../images/sizes.ts'
import { listPageIds, type RequestRow } from '../requests/request-store.ts'
import { type ArchiveFile, createArchive } from './create-archive.ts'
import { createImageExport, type ExportedImage } from './export-images.ts'
import { countFitting } from './page-weight-store.ts'
import { shownState } from './queue-outlook.ts'
import { type RequestView, viewRequests } from './view-request.ts'

export interface ExportParts {
  database: Pick<Database, 'db' | 'clock'>
  assets: Pick<Assets, 'openBytes'>
}

/** Whose requests; the e-mail address is written into the archive. */
export interface ExportedPerson {
  id: string
  email: string
}

/** Requests whose lines are held until their images are in the archive; fewer when their texts are long. */
const REQUESTS_PER_FILE = 100

/**
 * A ZIP archive of all that somebody asked for before now, newest first: `images/…`, made, sent along and masks, as they are
 * stored; after the images of a hundred requests `requests-0001.ndjson` and so on with what was asked, a JSON object in a
 * line for each; at the end `export.json`, without which it is not whole. It is made as it is read: what is held is a piece
 * of an image, the lines of one file, and some hundred bytes for each image that is in it (ZIP lists them at its end).
 * What is deleted meanwhile is left out, or told as gone. Throws when `signal` aborts, and when the database or the store cannot be
 * read.
 */
export async function* exportRequests(
  parts: ExportParts,
  { person, signal }: { person: ExportedPerson; signal: AbortSignal }
): AsyncGenerator<Uint8Array> {
  const left = new AbortController()
  const archive = createArchive(listFiles(parts, { person, signal: AbortSignal.any([signal, left.signal]) }))
  try {
    for await (const piece of archive) yield piece as Uint8Array
  } finally {
    // Whoever leaves in the middle of an image closes that.
    left.abort()
  }
}

async function* listFiles(
  { database, assets }: ExportParts,
  { person, signal }: { person: ExportedPerson; signal: AbortSignal }
): AsyncGenerator<ArchiveFile> {
  const exportImage = createImageExport({ assets, signal })
  const now = new Date(database.clock.now())
  const written = { requests: 0, images: 0, missing: 0, files: 0 }
  for await (const views of pagesOf(database, { userId: person.id, signal })) {
    const lines: string[] = []
    for (const view of views) {
      const madeAt = new Date(view.request.created_at)
      const images: ExportedImage[] = []
      for (const asset of [...view.inputs, ...view.outputs]) images.push(yield* exportImage(asset, madeAt))
      written.images += images.filter(({ file }) => file !== null).length
      written.missing += images.filter(({ fault }) => fault !== undefined).length
      lines.push(`${JSON.stringify(describeRequest(view, images))}\n`)
    }
    written.requests += views.length
    written.files += 1
    const number = String(written.files).padStart(4, '0')
    yield { name: `requests-${number}.ndjson`, modifiedAt: now, content: lines.join('') }
  }
  const { requests, images, missing } = written
  const summary = { exported_at: now.toISOString(), person, requests, images, missing_images: missing }
  yield { name: 'export.json', modifiedAt: now, content: `${JSON.stringify(summary, null, 2)}\n` }
}

/** Somebody's requests, newest first, some at a time; those that are made meanwhile are not among them. */
async function* pagesOf(
  database: ExportParts['database'],
  { userId, signal }: { userId: string; signal: AbortSignal }
): AsyncGenerator<RequestView[]> {
  const { db, clock } = database
  for (let after: Pick<RequestRow, 'created_at' | 'id'> | undefined; ;) {
    signal.throwIfAborted()
    const filter = { userId, now: clock.now(), ...(after && { after }) }
    const found = await listPageIds(db, { ...filter, limit: REQUESTS_PER_FILE })
    if (found.length === 0) return
    const ids = found.slice(0, await countFitting(db, found))
    const views = new Map((await viewRequests({ database }, ids)).map((view) => [view.request.id, view]))
    // Those that are missing were deleted since they were found.
    const page = ids.flatMap((id) => views.get(id) ?? [])
    after = page.at(-1)?.request ?? after
    if (page.length > 0) yield page
  }
}

const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** What was asked and what became of it: nothing of the machines that made it, and neither links nor the address of a webhook. */
function describeRequest(view: RequestView, images: readonly ExportedImage[]) {
  const { request, reports } = view
  const { size, size_unasked: _ours, extra, ...same } = view.parameters
  return {
    id: request.id,
    kind: request.kind,
    // Whether somebody may go on with it is not asked.
    status: shownState(view, undefined),
    visibility: request.visibility,
    model: request.model,
    prompt: request.prompt,
    n: request.n,
    parameters: { ...(size && { size: formatSize(size) }), ...same, ...extra },
    user: request.end_user,
    batch_id: request.batch_id,
    created_at: isoTime(request.created_at),
    started_at: isoTime(request.started_at),
    finished_at: isoTime(request.finished_at),
    error: request.error_code === null ? null : { code: request.error_code, message: request.error_message },
    warnings: view.warnings,
    images: images.map(({ asset, file, fault }) => ({
      kind: asset.kind,
      position: asset.position,
      asset_id: asset.id,
      file,
      ...(fault !== undefined && { missing: fault }),
      media_type: asset.media_type,
      width: asset.width,
      height: asset.height,
      bytes: asset.bytes,
      sha256: asset.sha256,
      seed: asset.seed,
      revised_prompt: reports.get(asset.id)?.revised_prompt ?? null,
      created_at: isoTime(asset.created_at)
    }))
  }
}
