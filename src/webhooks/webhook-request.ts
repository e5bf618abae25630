import { lookup as resolveHost } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { checkedLookup, PrivateAddress } from '../lib/checked-lookup.ts'
import { isPrivateAddress } from '../lib/private-addresses.ts'

const CONNECT_TIMEOUT_MS = 10_000
const TRY_TIMEOUT_MS = 15_000
/** More of an answer is not taken: only its status counts. */
const MOST_BODY_BYTES = 64 * 1024

export interface WebhookRequest {
  url: string
  headers: Record<string, string>
  body: string
}

export type WebhookAnswer =
  | { acknowledged: true; status: number }
  /** `final`: trying again cannot help. `error` holds no address. */
  | { acknowledged: false; status: number | null; error: string; final: boolean }

/** One try: any 2xx acknowledges, a redirect is a failure. Never rejects. */
export type SendWebhook = (request: WebhookRequest, signal: AbortSignal) => Promise<WebhookAnswer>

export interface WebhookRequestOptions {
  userAgent: string
  /** Asked for each address. */
  allowPrivateAddresses: () => boolean
  /** All addresses of a host name; default: the operating system's. */
  resolve?: (hostname: string) => Promise<LookupAddress[]>
  /** For the whole try, body included. */
  timeoutMs?: number
}

/**
 * Sends webhooks. Unless they are allowed, private addresses are refused when the connection is made: the addresses
 * that are judged are those that are dialed, so a name that changes what it points to in between gains nothing.
 */
export function createWebhookSender(options: WebhookRequestOptions): SendWebhook {
  const { userAgent, allowPrivateAddresses, timeoutMs = TRY_TIMEOUT_MS } = options
  const resolve = options.resolve ?? ((hostname) => resolveHost(hostname, { all: true }))
  const refuses = (address: string) => !allowPrivateAddresses() && isPrivateAddress(address)

  return async ({ url, headers, body }, stop) => {
    const { origin, hostname, pathname, search } = new URL(url)
    // Nobody looks up what is an address already; the URL parser has spelled it the usual way.
    const literal = hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && refuses(literal)) return describeFailure(new PrivateAddress())

    // Loaded when needed: 8 MB of memory, and a tenth of the start.
    const { Client } = await import('undici')
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
    // A connection for each try: none is kept, so none can be stale, and no HTTP/2, where undici may send a POST twice.
    const client = new Client(origin, {
      pipelining: 0,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup: checkedLookup(resolve, refuses), signal }
    })
    // A request whose connection is still being made does not mind its signal.
    const cutOff = () => void client.destroy().catch(() => undefined)
    signal.addEventListener('abort', cutOff)
    try {
      const response = await client.request({
        method: 'POST',
        path: pathname + search,
        headers: { 'content-type': 'application/json', 'user-agent': userAgent, ...headers },
        body
      })
      // For the receiver's sake, which may still be writing; what it says does not count, nor whether it ends.
      await response.body.dump({ limit: MOST_BODY_BYTES }).catch(() => undefined)
      return judgeStatus(response.statusCode)
    } catch (error) {
      return describeFailure(signal.aborted ? signal.reason : error)
    } finally {
      signal.removeEventListener('abort', cutOff)
      cutOff()
    }
  }
}

function judgeStatus(status: number): WebhookAnswer {
  if (status >= 200 && status < 300) return { acknowledged: true, status }
  const answered = `the receiver answered ${status}`
  if (status === 410) return { acknowledged: false, status, error: `${answered}: it wants no more`, final: true }
  const error = status >= 300 && status < 400 ? `${answered}: redirects are not followed` : answered
  return { acknowledged: false, status, error, final: false }
}

function describeFailure(thrown: unknown): WebhookAnswer {
  const failed = (error: string, final = false) => ({ acknowledged: false, status: null, error, final }) as const
  if (thrown instanceof PrivateAddress) return failed('refused: private address', true)
  const { name, code } = thrown as { name?: string; code?: unknown }
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return failed('no answer in time')
  if (name === 'AbortError') return failed('cut off: the gateway stopped')
  // The code alone: messages of the system name addresses.
  return failed(`no answer (${typeof code === 'string' ? code : (name ?? 'unknown')})`)
}
