import type { AcceptedRequest } from '../../../../../src/http/dashboard/contract/requests.ts'
import { imageUrl } from '../../../lib/assets.ts'
import { dataUrl } from '../../../lib/data-url.ts'
import { ApiError, DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'
import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { maskOf, type PlaygroundCall } from '../build-call.ts'
import { formFields } from '../code/code-call.ts'
import type { ImageOrigin, SourceImage, SourceMask } from '../sources/source-image.ts'

/**
 * Asks for images; the answer comes at once. The same call with the same `key` again leads to the same request. Throws
 * `ApiError`.
 */
export async function sendCall(call: PlaygroundCall, key: string): Promise<AcceptedRequest> {
  const headers = { 'idempotency-key': key }
  const path = DASHBOARD + IMAGE_PATHS[call.kind]
  const fields = { ...call.fields, async: true }
  if (call.sources.every(isStored)) {
    return fetchJson(path, { json: { ...fields, ...(await references(call)) }, headers })
  }
  return fetchJson(path, { form: await formOf(call, fields), headers })
}

type Stored = SourceImage & { origin: { assetId: string } }
const isStored = (source: SourceImage): source is Stored => 'assetId' in source.origin

/** Images that are stored on the server are not sent again. */
async function references(call: PlaygroundCall): Promise<Record<string, unknown>> {
  if (call.sources.length === 0) return {}
  const mask = maskOf(call)
  return {
    images: call.sources.filter(isStored).map(({ origin }) => ({ file_id: origin.assetId })),
    ...(mask && { mask: await maskReference(mask) })
  }
}

const maskReference = async ({ origin }: SourceMask) =>
  'assetId' in origin ? { file_id: origin.assetId } : { image_url: await dataUrl(origin.file) }

async function formOf(call: PlaygroundCall, fields: Record<string, unknown>): Promise<FormData> {
  const form = new FormData()
  for (const [name, text] of formFields(fields)) form.append(name, text)
  for (const { origin, name } of call.sources) form.append('image[]', await bytesOf(origin), name)
  const mask = maskOf(call)
  if (mask) form.append('mask', await bytesOf(mask.origin), 'mask.png')
  return form
}

/** A form takes bytes only: stored images that go along with others have to be fetched. */
async function bytesOf(origin: ImageOrigin): Promise<Blob> {
  if ('file' in origin) return origin.file
  const response = await fetch(imageUrl(origin.assetId)).catch(() => undefined)
  if (response?.ok) return response.blob()
  const status = response?.status ?? 0
  throw new ApiError({ status, code: 'unknown', message: 'A source image cannot be read any more.', param: 'image' })
}
