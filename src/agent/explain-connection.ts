import { cleanText } from '../lib/clean-text.ts'
import { isBehindAway, letsNobodyIn } from '../lib/proxy-status.ts'
import { CLOSE_CODES } from '../protocol/messages.ts'

/** How a server answered that would not open a WebSocket. */
export interface HandshakeAnswer {
  status: number
  /** Header `location`. */
  location?: string
  /** As much as was read. */
  body: string
}

export interface Refusal {
  /** A sentence for whoever runs the agent. */
  text: string
  /**
   * Whether trying again cannot help: `unless-found` is said by a proxy too while the gateway behind it restarts, so it counts
   * for an address at which there never was a gateway.
   */
  isFinal: 'yes' | 'unless-found' | 'no'
}

const WITHOUT_NETWORK = ['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']
const WITHOUT_ANSWER = ['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ESOCKETTIMEDOUT']
/** What OpenSSL calls the certificates that it does not trust. */
const UNKNOWN_ISSUER =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_UNTRUSTED|CERT_REJECTED|INVALID_CA|INVALID_PURPOSE|CERT_CHAIN_TOO_LONG)/

/** Why there is no connection, as a sentence that names the address and what may be done about it. */
export function explainError(error: unknown, gateway: string): string {
  const { protocol, hostname, host } = new URL(gateway)
  const code = codeOf(error)
  if (code === 'ECONNREFUSED')
    return `Nothing listens at ${gateway}: the gateway may be starting, or its address is another.`
  if (code === 'ENOTFOUND') return `There is no machine called ${hostname}: no DNS server knows the name.`
  if (code === 'EAI_AGAIN') return `The name ${hostname} cannot be looked up now: this machine may have no network.`
  if (WITHOUT_NETWORK.includes(code)) return `This machine has no network by which ${host} can be reached.`
  if (WITHOUT_ANSWER.includes(code) || messageOf(error).includes('timed out')) {
    return `${host} does not answer: it may be off, or a firewall in between.`
  }
  if (code === 'CERT_HAS_EXPIRED')
    return `The certificate of ${host} has expired, or the clock of this machine is wrong.`
  if (code === 'CERT_NOT_YET_VALID') {
    return `The certificate of ${host} is not valid yet: the clock of this machine may be wrong.`
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return `The certificate that ${host} shows is for another name.`
  }
  if (UNKNOWN_ISSUER.test(code)) {
    return `The certificate of ${host} is signed by nobody that this machine trusts: NODE_EXTRA_CA_CERTS can name a file of further ones.`
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return `${host} does not speak TLS as it should: is its address http:// and not https://?`
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_')) {
    return protocol === 'http:'
      ? `${host} ended the connection instead of answering: is its address https:// and not http://?`
      : `${host} ended the connection instead of answering.`
  }
  if (/Sec-WebSocket|Upgrade header|subprotocol/.test(messageOf(error))) return notAGateway(gateway)
  return `${gateway} cannot be reached: ${cleanText(messageOf(error), 200)}`
}

/** Why a server that answers lets no agent in. `otherKey`: as of `explainKey`. */
export function explainAnswer(
  { status, location, body }: HandshakeAnswer,
  gateway: string,
  otherKey?: string
): Refusal {
  const said = gatewayError(body)
  if (said && status === 401) {
    return { text: explainKey(/^This API key /.test(said) ? said : undefined, otherKey), isFinal: 'yes' }
  }
  if (said && status === 403)
    return { text: 'The gateway refused the API key: it may not run an agent.', isFinal: 'yes' }
  if (status >= 300 && status < 400) {
    const to = location === undefined ? '' : ` to ${cleanText(location.replace(/\/api\/agent\/connect.*$/, ''), 200)}`
    return {
      text: `${gateway} sends callers on${to}: give the address where the gateway itself answers.`,
      isFinal: 'unless-found'
    }
  }
  if (status === 426) {
    return { text: `A proxy in front of ${gateway} does not pass WebSocket connections on.`, isFinal: 'unless-found' }
  }
  if (said && status !== 404) {
    // Of its own words, only those of a final refusal end the agent: a limit, a restart or a full disk pass.
    return {
      text: `The gateway does not let this agent in now: ${said}`,
      isFinal: status === 421 ? 'unless-found' : 'no'
    }
  }
  if (isBehindAway(status)) {
    return {
      text: `The gateway behind ${gateway} is away: what stands in front of it answers ${status}.`,
      isFinal: 'no'
    }
  }
  if (status === 429) return { text: `${gateway} takes no more connections from here for a while.`, isFinal: 'no' }
  if (letsNobodyIn(status)) {
    return {
      text: `What stands in front of ${gateway} lets nobody in (HTTP ${status}): it has to let agents through to /api/agent.`,
      isFinal: 'unless-found'
    }
  }
  return { text: notAGateway(gateway), isFinal: status >= 500 ? 'no' : 'unless-found' }
}

/**
 * Why the gateway will not have the key, which it may have said itself. A command of "Connect a machine" that was shown once
 * more before it was used is the usual reason of a key that was revoked and has never worked. `otherKey`: what else whoever reads
 * it may do, where there is no file of an agent that runs.
 */
export function explainKey(
  said?: string,
  otherKey = "put another key where the agent's file has it: its api_key, or the file that api_key_file names"
): string {
  // Another key would be of no use.
  if (said?.endsWith('Ask an admin.') === true) return cleanText(said, 200)
  const why = said ?? 'The gateway refused the API key: it is unknown, expired or revoked.'
  return `${cleanText(why, 200)} Take the command that 'Connect a machine' in the dashboard shows now, or ${otherKey}.`
}

/** Why a connection ended that was open. */
export function explainClose(code: number, reason: string, gateway: string): string {
  if (code === CLOSE_CODES.goingAway) return 'The gateway stops or restarts.'
  if (code === CLOSE_CODES.replaced) return 'Another agent of this account and name took over.'
  const why = cleanText(reason, 200).replace(/\.$/, '')
  return why === '' ? `The connection to ${gateway} broke.` : `The gateway ended the connection: ${why}.`
}

export const notAGateway = (gateway: string): string =>
  `There is no inference.club at ${gateway}: another server answers there, or a part of the path is missing.`

/** The message of an error of the gateway's own; undefined when something else answered. */
function gatewayError(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown; code?: unknown } }
    return typeof error?.code === 'string' && typeof error.message === 'string'
      ? cleanText(error.message, 300)
      : undefined
  } catch {
    return undefined // No JSON: a page of something else.
  }
}

/** Of several addresses of one name, the first that was tried counts. */
function codeOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: readonly unknown[] }
  if (typeof code === 'string') return code
  return errors?.[0] === undefined ? '' : codeOf(errors[0])
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
