import { Readable } from 'node:stream'
import type { Assets } from '../../assets/assets.ts'
import { errors } from '../../lib/errors.ts'
import type { Principal } from '../../lib/principal.ts'
import type { ImageInbox } from './image-inbox.ts'

export interface ReferenceContext {
  inbox: ImageInbox
  assets: Assets
  principal: Principal
  /** What our own image URLs begin with for this caller. */
  baseUrl: string
}

/**
 * Takes the images of a JSON edit into the inbox and returns the other fields. A reference is an object with either
 * `image_url` (a data URL, or the URL of an image stored here) or `file_id` (an asset id), or such a URL by itself.
 * Throws `remote_image_refused` for other hosts: this server fetches nothing from anywhere.
 */
export async function readReferences(
  body: Record<string, unknown>,
  context: ReferenceContext
): Promise<Record<string, unknown>> {
  const { images, image, mask, ...fields } = body
  const given = images ?? image
  const list = given === undefined || given === null ? [] : Array.isArray(given) ? (given as unknown[]) : [given]
  const name = images === undefined ? 'image' : 'images'
  for (const [index, reference] of list.entries()) await take('input', `${name}[${index}]`, reference, context)
  if (mask !== undefined && mask !== null) await take('mask', 'mask', mask, context)
  return fields
}

async function take(kind: 'input' | 'mask', param: string, reference: unknown, context: ReferenceContext) {
  const { source, type } = await openReference(param, reference, context)
  await context.inbox.add(kind, param, source, type)
}

async function openReference(param: string, reference: unknown, context: ReferenceContext) {
  const { image_url: url, file_id: id } = asReference(param, reference)
  if (url?.startsWith('data:')) return openDataUrl(param, url)
  const assetId = id ?? ownAssetId(url ?? '', context.baseUrl)
  if (assetId === undefined) throw errors.remoteImageRefused(param)
  const asset = await context.assets.getVisible(assetId, context.principal)
  return { source: await context.assets.openBytes(asset), type: asset.media_type }
}

function asReference(param: string, reference: unknown): { image_url?: string; file_id?: string } {
  if (typeof reference === 'string') return { image_url: reference }
  const { image_url: url, file_id: id } = (reference ?? {}) as Record<string, unknown>
  if (typeof url === 'string' && id === undefined) return { image_url: url }
  if (typeof id === 'string' && url === undefined) return { file_id: id }
  throw errors.invalidRequest(
    `'${param}' must be an object with exactly one of 'image_url' and 'file_id', as text.`,
    param
  )
}

function openDataUrl(param: string, url: string): { source: Readable; type: string } {
  const match = /^data:([^;,]*)(?:;[^;,]*)*;base64,/.exec(url.slice(0, 200))
  if (!match) throw errors.invalidRequest(`'${param}' must be a base64 data URL.`, param)
  const bytes = Buffer.from(url.slice(match[0].length), 'base64')
  return { source: Readable.from(bytes.length > 0 ? [bytes] : []), type: match[1] ?? '' }
}

function ownAssetId(url: string, baseUrl: string): string | undefined {
  const path = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url
  return /^\/api\/inference\/assets\/(ast_[a-z0-9]+)\/?$/.exec(path)?.[1]
}
