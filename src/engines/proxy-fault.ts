import { isBehindAway, isNotWaited, letsNobodyIn } from '../lib/proxy-status.ts'
import { EngineError } from './engine.ts'
import { parseJson } from './upstream-text.ts'

/** How a web page begins. */
export const WEB_PAGE = /^\s*<(?:!doctype\s+html|html)\b/i
/** An image server that was given an image and dies of it does so later; most proxies whose server is not there say it at once. */
const AT_ONCE_MS = 3000
/** Whether an image may have been begun before the answer came, milliseconds after the call. */
export const isLate = (tookMs: number): boolean => tookMs > AT_ONCE_MS

export interface ProxyAnswer {
  status: number
  /** Of an error its beginning. */
  body: string
  /** A success that is a web page says nothing. */
  mayBePage?: boolean | undefined
  /** The server itself leads to its page to sign in at. */
  mayRedirect?: boolean | undefined
  /** Where it asks for a user name and a password, as browsers ask for them (HTTP Basic): none were sent, or others than it takes. */
  password?: 'wanted' | 'refused' | undefined
}

const SIGN_IN_REMEDY = "Does something before it ask for a sign-in? The service's url is where its API is."

const cannotReach = (status: number): EngineError =>
  new EngineError('unreachable', `What stands before the image server cannot reach it (HTTP ${status}).`, {
    remedy: 'Start the image server, or look at the proxy before it.'
  })

/** What was made goes to nobody, and would not a second time. */
const impatient = (status: number): EngineError =>
  new EngineError('bad_output', `What stands before the image server did not wait for the image (HTTP ${status}).`, {
    remedy: 'Give it a longer time limit than an image takes (nginx: proxy_read_timeout).'
  })

/** It may have died of the image. */
const brokenOff = (status: number): EngineError =>
  new EngineError('crashed', `What stands before the image server lost it while it made the image (HTTP ${status}).`)

/** Whether a proxy says that the server behind it is away; servers that say the same themselves do so in JSON, or in words. */
const saysAway = ({ status, body }: ProxyAnswer): boolean =>
  isBehindAway(status) && (status === 503 ? WEB_PAGE.test(body) : parseJson(body) === undefined)

/**
 * What is wrong when such an answer came late and the image server is there: it worked on the image. Undefined where nobody knows, as of
 * a page.
 */
export function faultOfLate(answer: ProxyAnswer): EngineError | undefined {
  if (!saysAway(answer)) return undefined
  return isNotWaited(answer.status) ? impatient(answer.status) : brokenOff(answer.status)
}

/**
 * What is wrong when an answer is not the image server's but of what stands before it: a proxy whose server is down or that
 * lets nobody in, or a page to sign in at.
 * Nothing has begun then, unless it came late. Undefined for all that servers say themselves, which is JSON.
 */
export function faultOfProxy(answer: ProxyAnswer): EngineError | undefined {
  const { status, body } = answer
  const isPage = WEB_PAGE.test(body)
  if (saysAway(answer)) return cannotReach(status)
  if (status === 401 && answer.password) {
    const what =
      answer.password === 'refused' ? 'refused its user name or password' : 'wants a user name and a password'
    return new EngineError('unreachable', `The image server ${what}.`, {
      remedy: "They belong into the service's url: http://user:password@host."
    })
  }
  if (letsNobodyIn(status) && isPage) {
    return new EngineError('unreachable', `What stands before the image server lets nobody in (HTTP ${status}).`, {
      remedy: SIGN_IN_REMEDY
    })
  }
  if (status >= 300 && status < 400 && !answer.mayRedirect) {
    return new EngineError('unreachable', 'The image server redirects elsewhere, which is not followed.', {
      remedy: SIGN_IN_REMEDY
    })
  }
  if (status >= 200 && status < 300 && isPage && !answer.mayBePage) {
    return new EngineError('unreachable', 'A web page is where the image server should be.', { remedy: SIGN_IN_REMEDY })
  }
  return undefined
}
