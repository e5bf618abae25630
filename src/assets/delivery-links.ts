import { MINUTE_MS } from '../lib/durations.ts'
import type { LinkHeaders, ObjectStore } from '../storage/object-store.ts'
import type { AssetRow } from './asset-store.ts'

/** At most so long after the last permission to look anybody may still fetch the image by its link. */
const LINK_LIFETIME_MS = 15 * MINUTE_MS

/** Where whoever may see an image fetches its bytes without this server. */
export interface DeliveryLinks {
  /** Undefined when this server is to send them itself. Throws what the store does. */
  find(asset: Pick<AssetRow, 'kind'>, storageKey: string, headers: LinkHeaders): Promise<string | undefined>
  /** The origin of all such links, which pages that show images have to allow. */
  origin(): Promise<string | undefined>
}

/**
 * `delivery`: `proxy`, `redirect` to links that the store signs, or the URL of a content delivery network in front of the
 * store. That knows no rights: it gets what anybody may see who has the URL, and the rest goes through this server.
 */
export function createDeliveryLinks({
  store,
  delivery
}: {
  store: Pick<ObjectStore, 'link'>
  delivery: string
}): DeliveryLinks {
  if (delivery === 'proxy') return { find: async () => undefined, origin: async () => undefined }
  if (delivery === 'redirect') {
    const sign = (key: string, headers: LinkHeaders) => store.link(key, { headers, forMs: LINK_LIFETIME_MS })
    return {
      find: (_asset, storageKey, headers) => sign(storageKey, headers),
      origin: async () => {
        const link = await sign('probe/origin', { contentType: '', contentDisposition: '', cacheControl: '' })
        return link === undefined ? undefined : new URL(link).origin
      }
    }
  }
  const base = delivery.replace(/\/+$/, '')
  return {
    find: async ({ kind }, storageKey) => (kind === 'output' ? `${base}/${storageKey}` : undefined),
    origin: async () => new URL(base).origin
  }
}
