import { BlockList, isIP } from 'node:net'
import { isPrivateAddress } from '../../lib/private-addresses.ts'
import { EngineError } from '../engine.ts'
import type { UpstreamAddress } from '../upstream-address.ts'

/**
 * How a URL that an image server answered with is fetched.
 * - `own`: from the image server itself, with its key and headers.
 * - `listed`: from a host that the owner named, or another port of the own machine; without key and headers.
 * - `public`: from any other host, without key and headers, and only at public addresses.
 */
export interface Link {
  url: string
  reach: 'own' | 'listed' | 'public'
}

export interface LinkRules {
  address: UpstreamAddress
  /** `host` or `host:port`, as the service's `download_from` has them. */
  downloadFrom: readonly string[]
}

/** `base` is what a relative URL is relative to. Throws `EngineError` `bad_output` for what is not fetched. */
export function judgeLink(text: string, base: string, { address, downloadFrom }: LinkRules): Link {
  const url = URL.parse(text, base)
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new EngineError('bad_output', 'The image server linked to an image by an address that is not fetched.')
  }
  if (url.origin === address.origin) return { url: url.href, reach: 'own' }
  const own = new URL(address.origin)
  if (isLoopback(own.hostname) && isLoopback(url.hostname)) {
    if (url.port !== own.port || url.protocol !== own.protocol) return { url: url.href, reach: 'listed' }
    // By the name that is known to lead there: `localhost` may be another address than the one it listens on.
    url.hostname = own.hostname
    return { url: url.href, reach: 'own' }
  }
  const listed = downloadFrom.some((host) => [url.hostname, url.host].includes(host.toLowerCase()))
  if (listed) return { url: url.href, reach: 'listed' }
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  // Nobody looks up what is an address already.
  if (isIP(literal) !== 0 && isPrivateAddress(literal)) throw privateLink()
  return { url: url.href, reach: 'public' }
}

/** A server could otherwise make the agent ask anything on its owner's network. */
export const privateLink = (): EngineError =>
  new EngineError(
    'bad_output',
    "The image server linked to an image on another server of a private network, which is fetched only from hosts that the service's download_from names."
  )

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('0.0.0.0', 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
LOOPBACK.addAddress('::', 'ipv6')

/**
 * Whether a URL's host is this machine: by one of its loopback names, or by the address that servers name when they
 * listen on all.
 */
function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  const literal = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(literal)
  return family !== 0 && LOOPBACK.check(literal, family === 6 ? 'ipv6' : 'ipv4')
}
