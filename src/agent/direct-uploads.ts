import { createHash } from 'node:crypto'
import { lookup as resolveHost } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { toError } from '../lib/async.ts'
import { checkedLookup } from '../lib/checked-lookup.ts'
import type { Logger } from '../lib/logger.ts'
import { lengthOf } from '../lib/length-of.ts'
import { isPrivateAddress } from '../lib/private-addresses.ts'
import { decodeUploadPlace, type UploadAnnouncement, type UploadPlace } from '../protocol/direct-uploads.ts'
import { type Answer, type GatewayTransfers, isRefusal, type Transfer } from './gateway-transfers.ts'
import type { PreparedImage } from './prepare-image.ts'

/** Of the answers of gateway and store. */
const MAX_ANSWER_BYTES = 64 * 1024
/** After it went wrong once: what cannot be reached now would cost every image its time. */
const PAUSE_MS = 10 * 60_000

export interface DirectDelivery {
  /** Of the attempt, without a slash at its end. */
  url: string
  /** What goes with each call to the gateway. */
  headers: Record<string, string>
  /** What goes with the word that the image is there. */
  resultHeaders: Record<string, string>
  image: Pick<PreparedImage, 'pieces' | 'mediaType'>
  signal: AbortSignal
}

export interface DirectUploadsParts {
  transfers: GatewayTransfers
  /** Whether the gateway of the moment offers it. */
  isOffered: () => boolean
  logger: Logger
  resolve?: (hostname: string) => Promise<LookupAddress[]>
  /** Milliseconds, of a clock that nobody sets. */
  now?: () => number
}

/**
 * Brings images to the gateway's store without the gateway carrying them. It is a short cut: whatever goes wrong, the image goes to the
 * gateway itself, and for a while all others do.
 *
 * A gateway says where to write, and could name anything that this machine reaches: the lease token is for the gateway alone,
 * the headers are of a list, redirects are not followed, and addresses of a private network are refused unless the gateway has such a one itself.
 */
export class DirectUploads {
  readonly #parts: DirectUploadsParts
  #pausedUntil = -Infinity

  constructor(parts: DirectUploadsParts) {
    this.#parts = parts
  }

  /** Undefined when the image is to be brought to the gateway. Rejects with what `signal` aborts with. */
  async bring(delivery: DirectDelivery): Promise<'stored' | 'unwanted' | undefined> {
    const { isOffered, logger, now = () => performance.now() } = this.#parts
    if (!isOffered() || now() < this.#pausedUntil) return undefined
    let went: 'stored' | 'unwanted' | { why: string }
    try {
      const place = await this.#announce(delivery)
      if (!place) return undefined
      went = await this.#tryPlace(place, delivery)
    } catch (error) {
      if (delivery.signal.aborted) throw toError(delivery.signal.reason)
      went = { why: toError(error).name }
    }
    if (typeof went === 'string') return went
    this.#pausedUntil = now() + PAUSE_MS
    // Not where: whoever has the address may write there.
    logger.warn(
      went,
      'an image could not be written into the store of the gateway; for a while they go through the gateway'
    )
    return undefined
  }

  async #announce({ url, headers, image, signal }: DirectDelivery): Promise<UploadPlace['place']> {
    const call = {
      method: 'POST' as const,
      url: `${url}/upload`,
      headers: { ...headers, 'content-type': 'application/json' },
      body: [Buffer.from(JSON.stringify(announcementOf(image)))],
      maxAnswerBytes: MAX_ANSWER_BYTES,
      signal
    }
    const { status, bytes } = await this.#parts.transfers.repeat(call, finalAnswer)
    return status === 200 ? decodeUploadPlace(String(bytes)) : undefined
  }

  async #tryPlace(
    place: NonNullable<UploadPlace['place']>,
    delivery: DirectDelivery
  ): Promise<'stored' | 'unwanted' | { why: string }> {
    const { transfers } = this.#parts
    const { url, headers, resultHeaders, signal } = delivery
    const rest = { maxAnswerBytes: MAX_ANSWER_BYTES, signal }
    const transfer = await this.#transferTo(place, delivery)
    if (!transfer) return { why: 'nothing is sent to such an address' }
    const written = await transfers.once({ ...transfer, ...rest })
    if (!written) return { why: 'no answer' }
    if (written.status < 200 || written.status >= 300) return { why: `HTTP ${written.status}` }
    const word = { method: 'POST' as const, url: `${url}/uploaded`, headers: { ...headers, ...resultHeaders } }
    const { status } = await transfers.repeat({ ...word, ...rest }, finalAnswer)
    if (status === 200) return 'stored'
    return status === 404 || status === 409 ? 'unwanted' : { why: `the gateway answered ${status}` }
  }

  /** Undefined when it leads where nothing is sent. */
  async #transferTo(
    { url, headers }: NonNullable<UploadPlace['place']>,
    { url: gateway, image }: DirectDelivery
  ): Promise<Pick<Transfer, 'method' | 'url' | 'headers' | 'body' | 'lookup'> | undefined> {
    const resolve = this.#parts.resolve ?? ((hostname: string) => resolveHost(hostname, { all: true }))
    const [to, from] = [URL.canParse(url) ? new URL(url) : undefined, new URL(gateway)]
    if (!to || (to.protocol !== 'https:' && !(to.protocol === 'http:' && from.protocol === 'http:'))) return undefined
    const gatewayHost = hostOf(from)
    const ofGateway = isIP(gatewayHost) === 0 ? await resolve(gatewayHost).catch(() => []) : [{ address: gatewayHost }]
    const isPrivate = ofGateway.some(({ address }) => isPrivateAddress(address))
    const refuses = (address: string) => !isPrivate && isPrivateAddress(address)
    if (isIP(hostOf(to)) !== 0 && refuses(hostOf(to))) return undefined
    const { 'content-type': contentType, 'x-amz-checksum-sha256': checksum } = headers
    return {
      method: 'PUT',
      url: to.href,
      headers: { 'content-type': contentType, ...(checksum !== undefined && { 'x-amz-checksum-sha256': checksum }) },
      body: image.pieces,
      lookup: checkedLookup(resolve, refuses)
    }
  }
}

function announcementOf({ pieces, mediaType }: DirectDelivery['image']): UploadAnnouncement {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return { bytes: lengthOf(pieces), sha256: hash.digest('hex'), media_type: mediaType }
}

/** Whatever the gateway itself says, which may be no; undefined while it is away. */
const finalAnswer = (answer: Answer | undefined): Answer | undefined =>
  answer && (answer.status === 200 || isRefusal(answer)) ? answer : undefined

/** Nobody looks up what is an address already. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')
