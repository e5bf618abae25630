import { EngineError } from '../engines/engine.ts'
import { shownAddress } from '../engines/upstream-address.ts'
import { cleanText } from '../lib/clean-text.ts'

/** Why no connection came about, and what whoever runs the image server may do. */
const NO_CONNECTION: Readonly<Record<string, { why: string; remedy: string }>> = {
  ECONNREFUSED: { why: 'connection refused', remedy: 'Start it.' },
  ECONNRESET: { why: 'connection reset', remedy: 'Is its address https:// and not http://?' },
  ENOTFOUND: { why: 'no DNS server knows the name', remedy: "Is the service's url right?" },
  EAI_AGAIN: { why: 'the name cannot be looked up now', remedy: 'Has this machine a network?' },
  ETIMEDOUT: { why: 'no answer', remedy: 'Is its machine on, and lets a firewall the agent through?' }
}
const SAME: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'ETIMEDOUT',
  EHOSTDOWN: 'ETIMEDOUT',
  ENETUNREACH: 'EAI_AGAIN',
  ENETDOWN: 'EAI_AGAIN'
}

/** How the engines' sentences begin; here it is known which server it is. */
const SUBJECT = /\bthe image server\b/i

/**
 * What is wrong with an image server, in the words of whoever runs it: where it was asked, why it is of no use, and what to do.
 * `text` is what everybody else is told of it. Passwords and queries of addresses are left out.
 */
export function explainServer({
  url,
  text,
  error,
  hasAnswered = false
}: {
  url: string | undefined
  text: string
  error?: unknown
  /** It was reached before at this address, which is right then. */
  hasAnswered?: boolean
}): string {
  const engineError = error instanceof EngineError ? error : undefined
  const asked = engineError?.asked ?? (url === undefined ? undefined : shownAddress(url))
  const named = asked === undefined ? text : text.replace(SUBJECT, `the image server at ${asked}`)
  const code = engineError ? codeOf(engineError.cause) : ''
  const known = NO_CONNECTION[SAME[code] ?? code]
  const remedy = hasAnswered && known === NO_CONNECTION.ECONNRESET ? 'Does it still run?' : known?.remedy
  const why = known?.why ?? (code === '' ? undefined : code)
  const sentence = why === undefined ? ended(named) : `${named.replace(/\.$/, '')} (${why}).`
  return cleanText([sentence, engineError?.remedy ?? remedy].filter((part) => part !== undefined).join(' '))
}

/** Other sentences follow, and what a server says of itself may have no full stop. */
const ended = (text: string): string => (/[.!?…]\s*$/.test(text) ? text : `${text}.`)

/** The code of why no connection came about, or it broke off before an answer; undefined when that was not so. */
export function findNoConnection(error: unknown): string | undefined {
  const code = error instanceof EngineError ? codeOf(error.cause) : ''
  const known = SAME[code] ?? code
  return known in NO_CONNECTION ? known : undefined
}

/**
 * Whether what was said of a server that was not there, by its code, is still true: the end of one that had answered may first
 * be a connection that breaks off, then one that is refused.
 */
export const isOneOutage = (
  { before, now }: { before: string | undefined; now: string | undefined },
  { hasAnswered }: { hasAnswered: boolean }
): boolean =>
  now !== undefined && (before === now || (hasAnswered && before === 'ECONNRESET' && now === 'ECONNREFUSED'))

/** Of a call that failed: the code of what lies deepest, for `fetch` wraps what happened. */
function codeOf(thrown: unknown): string {
  const { code, cause, errors } = (thrown ?? {}) as { code?: unknown; cause?: unknown; errors?: readonly unknown[] }
  const deeper = cause === undefined ? '' : codeOf(cause)
  if (deeper !== '') return deeper
  return typeof code === 'string' ? code : errors?.[0] === undefined ? '' : codeOf(errors[0])
}
