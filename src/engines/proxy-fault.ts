import { EngineError } from './engine.ts'
import { parseJson } from './upstream-text.ts'

/** By which proxies say that nobody is behind them who could be asked, those above 511 Cloudflare's. */
const NOBODY_BEHIND = [502, 521, 522, 523, 530]
/** By which they say that whoever is there has not answered in time, or not so that they understand it. */
const NO_ANSWER_BEHIND = [504, 520, 524]
const WEB_PAGE = /^\s*<(?:!doctype\s+html|html)\b/i
/** An image server that was given an image and dies of it does so later; proxies whose server is not there say it at once. */
const AT_ONCE_MS = 3000

export interface ProxyAnswer {
  status: number
  /** Of an error its beginning. */
  body: string
  /** Something may have been begun by the call. */
  isWork: boolean
  /** From the call to the answer. */
  tookMs: number
  /** A success that is a web page says nothing. */
  mayBePage?: boolean | undefined
}

/**
 * What is wrong when an answer is not the image server's but of what stands before it: a proxy whose server is down, or a page to sign in at.
 * Nothing has begun then. Undefined for all that servers say themselves, which is JSON.
 */
export function faultOfProxy({ status, body, isWork, tookMs, mayBePage }: ProxyAnswer): EngineError | undefined {
  if (isWork && tookMs > AT_ONCE_MS) return undefined
  const isPage = WEB_PAGE.test(body)
  const isProxys = NOBODY_BEHIND.includes(status) || (!isWork && NO_ANSWER_BEHIND.includes(status))
  if ((isProxys && parseJson(body) === undefined) || (status === 503 && isPage)) {
    return new EngineError('unreachable', `What stands before the image server cannot reach it (HTTP ${status}).`, {
      remedy: 'Start the image server, or look at the proxy before it.'
    })
  }
  if (status >= 200 && status < 300 && isPage && !mayBePage) {
    return new EngineError('unreachable', 'A web page is where the image server should be.', {
      remedy: "Does something before it ask for a sign-in? The service's url is where its API is."
    })
  }
  return undefined
}
