import { DAY_MS, MINUTE_MS } from '../lib/durations.ts'
import { closestName, didYouMean } from '../lib/closest-name.ts'
import { readGatewayUrl } from '../lib/gateway-url.ts'
import { parseDurationMs } from '../lib/quantities.ts'
import { type TextCheck, USUAL_MAX_CHARS } from './yaml-value.ts'

const MIN_TIMEOUT_MS = 1000
const MAX_TIMEOUT_MS = DAY_MS
/** For so long, and as long again, an idle machine might not get an image that a busy one has put into its queue. */
const MAX_QUEUE_AHEAD_MS = MINUTE_MS

export const checkOneOf =
  (names: readonly string[]): TextCheck =>
  (text) =>
    names.includes(text) ? undefined : `is none of ${names.join(', ')}${didYouMean(text, names)}`

/** A check that remembers what it has seen. */
export function checkUnique(problem: string): TextCheck {
  const seen = new Set<string>()
  return (text) => {
    if (seen.has(text)) return problem
    seen.add(text)
    return undefined
  }
}

export const checkUrl: TextCheck = (text) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? undefined : 'must be an http or https URL'

export function checkGateway(text: string): string | undefined {
  const read = readGatewayUrl(text)
  return 'problem' in read ? read.problem : undefined
}

/** Of other types nothing is known; what is nearly the one that is was meant to be it. */
export const checkType: TextCheck = (text) =>
  text !== 'image' && closestName(text, ['image']) !== undefined ? "is not known; did you mean 'image'?" : undefined

export function checkTimeout(text: string): string | undefined {
  const ms = parseDurationMs(text)
  return ms !== undefined && ms >= MIN_TIMEOUT_MS && ms <= MAX_TIMEOUT_MS
    ? undefined
    : 'must be a duration from 1s to 24h, such as 240s'
}

export function checkQueueAhead(text: string): string | undefined {
  const ms = parseDurationMs(text)
  return ms !== undefined && ms <= MAX_QUEUE_AHEAD_MS ? undefined : 'must be a duration from 0s to 60s, such as 2s'
}

export const checkApiKey: TextCheck = (text) =>
  /^ic_\S+$/.test(text) ? undefined : 'must be an API key of the gateway, which begins with ic_'

/** A key of an image server, before it is written into the file: what could not be read from there, or sent. */
export const checkServerKey: TextCheck = (text) => {
  if (text.length > USUAL_MAX_CHARS) return `may have at most ${USUAL_MAX_CHARS} characters`
  return /\p{Cc}/u.test(text) ? 'must be without control characters' : undefined
}

export const checkKeyFileName: TextCheck = (text) =>
  checkApiKey(text) === undefined && !/[/\\.]/.test(text)
    ? 'must name a file that holds the key, not be the key'
    : undefined

export const checkAccess: TextCheck = (text) =>
  text === 'members' || text === 'private' ? undefined : 'must be members, private or a list of e-mail addresses'

export const checkEmail: TextCheck = (text) => (/^\S+@\S+$/.test(text) ? undefined : 'must be an e-mail address')

/** `host` or `host:port`, as a URL would have it. */
export const checkHost: TextCheck = (text) => {
  const url = URL.parse(`http://${text}`)
  const { host, hostname } = url ?? {}
  const port80 = `${hostname}:80`
  return host === text.toLowerCase() || port80 === text.toLowerCase()
    ? undefined
    : 'must be a host or host:port, such as images.example.org or 192.168.1.20:9000'
}

export const checkExtras: TextCheck = (text) =>
  text === 'any' ? undefined : 'must be a list of names of fields, or any'
