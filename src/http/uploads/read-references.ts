import type { SavedBytes } from '../../assets/save-asset.ts'
import { AppError, errors } from '../../lib/errors.ts'
import type { Principal } from '../../lib/principal.ts'
import type { HttpContext } from '../http-context.ts'
import type { ImageInbox } from './image-inbox.ts'
import type { LiftedImages } from './lifted-images.ts'
import { uploadLimits } from './save-upload.ts'

export interface ReferenceSources extends Pick<HttpContext, 'assets' | 'config'> {
  /** The data URLs of the body. */
  lifted: LiftedImages | undefined
  principal: Principal
  /** What our own image URLs begin with for this caller. */
  baseUrl: string
}

/**
 * Takes the images of a JSON call into the inbox and returns the other fields. A reference is an object with either
 * `image_url` (a data URL, or the URL of an image stored here) or `file_id` (an asset id), or such a URL by itself.
 * Throws `remote_image_refused` for other hosts: this server fetches nothing from anywhere.
 */
export async function readReferences(
  body: Record<string, unknown>,
  { inbox, ...sources }: ReferenceSources & { inbox: ImageInbox }
): Promise<Record<string, unknown>> {
  const { images, image, mask, ...fields } = body
  if (isSent(images) && isSent(image)) throw errors.invalidRequest("Send either 'images' or 'image'.", 'image')
  const [name, given] = isSent(images) ? ['images', images] : ['image', image]
  const list = isSent(given) ? [given].flat() : []
  for (const [index, reference] of list.entries()) {
    const param = Array.isArray(given) ? `${name}[${index}]` : String(name)
    await inbox.add({ kind: 'input', param, save: () => saveReferred(param, reference, sources) })
  }
  if (isReference(mask))
    await inbox.add({ kind: 'mask', param: 'mask', save: () => saveReferred('mask', mask, sources) })
  return fields
}

const isSent = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** With nothing but nulls it was not sent: clients write every member of a type they know. */
function isReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isSent(value)
  const members: unknown[] = Object.values(value)
  return members.length === 0 || members.some(isSent)
}

async function saveReferred(param: string, reference: unknown, sources: ReferenceSources): Promise<SavedBytes> {
  const { url, id } = parseReference(param, reference)
  if (url !== undefined && sources.lifted?.has(url)) return sources.lifted.claim(url)
  if (url?.startsWith('data:')) throw errors.invalidRequest(`'${param}' must be a base64 data URL.`, param)
  const assetId = id ?? assetIdIn(url ?? '')
  if (assetId === undefined) throw errors.remoteImageRefused(param)
  const isElsewhere = url !== undefined && !url.startsWith('/') && !url.startsWith(`${sources.baseUrl}/`)
  const asset = await sources.assets
    .getVisible(assetId, { whoReads: async () => sources.principal })
    .catch((error: unknown) => {
      const isUnknown = error instanceof AppError && error.code === 'not_found'
      throw isUnknown && isElsewhere ? errors.remoteImageRefused(param) : error
    })
  return sources.assets.share(asset, uploadLimits(sources.config))
}

function parseReference(param: string, reference: unknown): { url?: string; id?: string } {
  if (typeof reference === 'string') return { url: reference }
  const { image_url: url, file_id: id } = (reference ?? {}) as Record<string, unknown>
  if (typeof url === 'string' && !isSent(id)) return { url }
  if (typeof id === 'string' && !isSent(url)) return { id }
  throw errors.invalidRequest(
    `'${param}' must be an object with exactly one of 'image_url' and 'file_id', as text.`,
    param
  )
}

/**
 * The id in the URL of an image, whole or from its path on: a server has many names (`localhost`, an address, one for
 * each proxy and path), so the path decides, below whatever path it is reached at. That is safe because nothing is
 * fetched: the id is looked up here, with the caller's rights. What a thumbnail's query says is passed over.
 */
function assetIdIn(url: string): string | undefined {
  const { protocol, pathname } = URL.parse(url, 'http://this.server') ?? {}
  const isPath = url.startsWith('/') || /^https?:\/\//i.test(url)
  if (!isPath || !/^https?:$/.test(protocol ?? '')) return undefined
  return /^(?:\/.*)?\/api\/inference\/assets\/(ast_[a-z0-9]{1,40})\/?$/.exec(pathname ?? '')?.[1]
}
