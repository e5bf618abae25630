import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { addressesIn } from './addresses-in.ts'
import { errors } from './errors.ts'
import { keepAnswers } from './keep-answers.ts'

/** How a call reached us, as the outermost proxy that is trusted tells it. */
export interface Reached {
  /** IP address of who called: the first hop that is not trusted. */
  address: string
  /** What the caller called us, such as `https://club.example:8443`. */
  origin: string
  /** Whether a trusted proxy passed the call on and says so. */
  isProxied: boolean
  /** Whether a trusted proxy says that a content delivery network of Cloudflare's kind is in front (`cf-ray`). */
  isThroughCdn: boolean
}

/** What is read of a call, whether it is answered by HTTP or asks for a WebSocket. */
export interface ReachingCall {
  headers: IncomingHttpHeaders
  socket: { remoteAddress?: string | undefined; localAddress?: string | undefined; localPort?: number | undefined }
}

type Hop = Partial<Record<'for' | 'host' | 'proto' | 'port', string>>

/** How many origins and addresses are remembered: nearly all calls name one of a few hosts and come from few addresses. */
const MOST_REMEMBERED = 500

const PROTOCOLS: Record<string, string> = { http: 'http', https: 'https', ws: 'http', wss: 'https' }

/**
 * Reads calls of which the addresses and networks in `trusted` are proxies. Each hop counts that a trusted one names, in
 * `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`, or in `Forwarded` (RFC 7239) where there are none of those: a proxy
 * that sets the ones passes the other on as the caller wrote it. The outermost trusted hop tells where people reach us, and
 * values that cannot be true are as if they were not there. Throws `invalid_request` when the host is none.
 */
export function createReached(trusted: readonly string[]): (call: ReachingCall) => Reached {
  const isTrusted = keepAnswers(MOST_REMEMBERED, addressesIn(trusted))
  const originOf = keepAnswers(MOST_REMEMBERED, (url) => new URL(url).origin)
  return ({ headers, socket }) => {
    const peer = plainAddress(socket.remoteAddress ?? '')
    const isTrustedPeer = isTrusted(peer)
    const { address, hop } = isTrustedPeer ? outermost(headers, peer, isTrusted) : { address: peer, hop: {} }
    const protocol = PROTOCOLS[hop.proto?.toLowerCase() ?? ''] ?? 'http'
    const forwardedHost = hop.host !== undefined && isHost(hop.host) ? hop.host : undefined
    const host = forwardedHost ?? headers.host ?? localHost(socket)
    if (!isHost(host)) throw errors.invalidRequest("The 'host' header is not a host.")
    return {
      address,
      origin: originOf(`${protocol}://${withPort(host, protocol, hop.port)}`),
      isProxied: isTrustedPeer && isForwarded(headers),
      isThroughCdn: isTrustedPeer && headers['cf-ray'] !== undefined
    }
  }
}

/** Whether any header says that the call was passed on, by whomever. */
export const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  headers.forwarded !== undefined || ['for', 'host', 'proto', 'port'].some((name) => `x-forwarded-${name}` in headers)

/** Whether a text is a host with or without a port, as URLs and the header `host` have it. */
export const isHost = (text: string): boolean =>
  text.length <= 261 && /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`)

function outermost(
  headers: IncomingHttpHeaders,
  peer: string,
  isTrusted: (address: string) => boolean
): { address: string; hop: Hop } {
  const list = (name: string) => splitList(headers[`x-forwarded-${name}`])
  const lists = { for: list('for'), proto: list('proto'), host: list('host'), port: list('port') }
  const hops: Hop[] = Object.values(lists).some((values) => values.length > 0)
    ? lists.for.map((address) => ({ for: address }))
    : readForwarded(headers.forwarded)

  let address = peer
  let trustedHops = 0
  // From the nearest outwards, as far as each hop that tells the next is trusted.
  while (trustedHops < hops.length && isTrusted(address)) {
    const next = plainAddress(hops[hops.length - 1 - trustedHops]?.for ?? '')
    trustedHops += 1
    if (isIP(next) === 0) break
    address = next
  }
  if (headers.forwarded !== undefined && Object.values(lists).every((values) => values.length === 0)) {
    return { address, hop: hops[hops.length - trustedHops] ?? {} }
  }
  // Hops may replace a list instead of adding to it. Where nobody says how many there are, the first is the outermost.
  const of = (values: string[]) => values[trustedHops === 0 ? 0 : Math.max(0, values.length - trustedHops)]
  const [proto, host, port] = [of(lists.proto), of(lists.host), of(lists.port)]
  return {
    address,
    hop: {
      ...(proto !== undefined && { proto }),
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port })
    }
  }
}

const splitList = (value: string | string[] | undefined): string[] =>
  value === undefined
    ? []
    : [value]
        .flat()
        .join(',')
        .split(',')
        .map((part) => part.trim())

/** The elements of a `Forwarded` header, outermost hop first. */
function readForwarded(value: string | undefined): Hop[] {
  // Parts of what was never closed are nobody's word.
  if (value === undefined || !/^(?:[^"]|"(?:[^"\\]|\\.)*")*$/.test(value)) return []
  const elements = value.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? []
  return elements.map((element) => {
    const pairs = [...element.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;,"\s]+))/g)]
    return Object.fromEntries(
      pairs.map(([, name = '', quoted, token]) => [
        name.toLowerCase(),
        quoted === undefined ? token : quoted.replaceAll(/\\(.)/g, '$1')
      ])
    ) as Hop
  })
}

/** An address without port, brackets, zone, and the form in which IPv6 sockets tell IPv4 addresses. */
export function plainAddress(text: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return bare.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
}

/** HTTP/1.0 need not say whom it calls: then it is the address it came to. */
function localHost({ localAddress, localPort }: ReachingCall['socket']): string {
  const address = plainAddress(localAddress ?? '127.0.0.1')
  const host = isIP(address) === 6 ? `[${address}]` : address
  return localPort === undefined ? host : `${host}:${localPort}`
}

/** With the port that the proxy was reached at, unless the host names one or it is the other protocol's own. */
function withPort(host: string, protocol: string, port: string | undefined): string {
  if (port === undefined || /:\d+$/.test(host)) return host
  const isPort = /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536
  const ofOther = protocol === 'https' ? '80' : '443'
  return isPort && port !== ofOther ? `${host}:${port}` : host
}
