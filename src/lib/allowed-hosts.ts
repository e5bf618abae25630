import { isIP } from 'node:net'
import { errors } from './errors.ts'
import { keepAnswers } from './keep-answers.ts'
import type { Reached } from './reached.ts'

/** Top-level names that nobody on the internet can have (RFC 6761, 6762, 8375, and what home routers hand out). */
const LOCAL_ENDINGS = ['.localhost', '.local', '.lan', '.internal', '.home.arpa']

/** How many origins are remembered: nearly all calls name one of a few. */
const MOST_REMEMBERED = 100

/**
 * Throws `invalid_request` (421) for a call by a name that is not known as ours: a page of a stranger can make a name of
 * theirs lead here, and then counts as a page of ours in the eyes of a browser. Addresses, and names that only a local
 * network can give, are beyond them; a trusted proxy knows which names it serves. `known` holds names, `.name` for all
 * below one, or `*`.
 */
export function createHostCheck(known: readonly string[]): (reached: Reached) => void {
  const names = known.map((name) => name.toLowerCase())
  const isKnown = (host: string) =>
    isIP(host.replace(/^\[|\]$/g, '')) !== 0 ||
    !host.includes('.') ||
    LOCAL_ENDINGS.some((ending) => host.endsWith(ending)) ||
    names.some((name) => name === '*' || name === host || (name.startsWith('.') && host.endsWith(name)))
  const hostOf = keepAnswers(MOST_REMEMBERED, (origin) => new URL(origin).hostname.replace(/\.$/, ''))
  return ({ origin, isProxied }) => {
    const host = hostOf(origin)
    if (!isProxied && !isKnown(host)) throw errors.otherHost(host)
  }
}

/** The names that the configuration tells. */
export const knownHosts = (config: {
  publicUrl: string | undefined
  host: string
  allowedHosts: string[]
}): string[] => [
  ...(config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname]),
  config.host,
  ...config.allowedHosts
]
