import { lookup as resolveHost } from 'node:dns/promises'
import { sleep } from '../../lib/async.ts'
import { checkedLookup, PrivateAddress } from '../../lib/checked-lookup.ts'
import { isPrivateAddress } from '../../lib/private-addresses.ts'
import { EngineError } from '../engine.ts'
import type { ImageBytes } from '../image-text.ts'
import { type Fetch, type FetchedResponse, openConnections } from '../light-fetch.ts'
import {
  createUpstreamHttp,
  readStart,
  tooManyBytes,
  type UpstreamHttp,
  type UpstreamHttpOptions
} from '../upstream-http.ts'
import { judgeLink, type Link, privateLink } from './linked-image.ts'

/** A made image is worth some more tries of its download, none of which makes it again. */
const DOWNLOAD_TRIES = 3
const FIRST_DOWNLOAD_PAUSE_MS = 250
const MOST_REDIRECTS = 3

export interface OpenAIHttpOptions extends UpstreamHttpOptions {
  /** Other hosts, `host` or `host:port`, whose links to images are fetched, wherever they lie. */
  downloadFrom?: readonly string[]
}

/** One image server. Every method throws `EngineError`, or anything once its signal has aborted. */
export interface OpenAIHttp extends UpstreamHttp {
  /**
   * The bytes behind a URL that the server gave, fetched as `judgeLink` says. A connection that breaks is tried again; what
   * cannot be had is `bad_output`, for the image was made.
   */
  download(url: string, signal: AbortSignal): Promise<ImageBytes>
}

export function createOpenAIHttp(options: OpenAIHttpOptions): OpenAIHttp {
  const http = createUpstreamHttp(options, '/v1')
  const { address, ownHeaders } = http
  const publicOnly = openConnections({
    lookup: checkedLookup((host) => resolveHost(host, { all: true }), isPrivateAddress)
  })
  const fetchPublic: Fetch = options.fetch ?? publicOnly.fetch
  const links = { address, downloadFrom: options.downloadFrom ?? [] }

  const openLink = async ({ url, reach }: Link, signal: AbortSignal): Promise<FetchedResponse> => {
    const fetchLink = reach === 'public' ? fetchPublic : http.fetch
    try {
      const headers = reach === 'own' ? ownHeaders : {}
      return await fetchLink(url, { method: 'GET', headers, redirect: 'manual', signal })
    } catch (cause) {
      throw isPrivate(cause) ? privateLink() : new BrokenDownload(undefined, { cause })
    }
  }
  const fetchLinked = async (url: string, signal: AbortSignal): Promise<ImageBytes> => {
    let link = judgeLink(url, address.urlOf('/'), links)
    let response = await openLink(link, signal)
    for (let redirects = 0; isRedirect(response) && redirects < MOST_REDIRECTS; redirects += 1) {
      await readStart(response, 0)
      // A host is judged anew wherever it is led to: a public one may point into the owner's network.
      link = judgeLink(response.headers.get('location') ?? '', link.url, links)
      response = await openLink(link, signal)
    }
    if (!response.ok) {
      await readStart(response, 0)
      throw new EngineError('bad_output', 'The image server linked to an image that it does not give.')
    }
    const { bytes, complete } = await readStart(response, options.maxImageBytes).catch((cause: unknown) => {
      throw new BrokenDownload(undefined, { cause })
    })
    if (!complete) throw tooManyBytes()
    return { bytes, mediaType: response.headers.get('content-type') }
  }

  return {
    ...http,
    download: async (url, signal) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await fetchLinked(url, signal)
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof BrokenDownload)) throw error
          if (tries === DOWNLOAD_TRIES) {
            throw new EngineError('bad_output', 'The image that the image server linked to could not be fetched.', {
              cause: error
            })
          }
          await sleep(FIRST_DOWNLOAD_PAUSE_MS * 2 ** (tries - 1), signal)
        }
      }
    },
    close: async () => {
      publicOnly.close()
      await http.close()
    }
  }
}

/** The connection of a download that may go better the next time. */
class BrokenDownload extends Error {}

const isRedirect = ({ status, headers }: FetchedResponse): boolean =>
  status >= 300 && status < 400 && headers.get('location') !== null

const isPrivate = (thrown: unknown): boolean =>
  thrown instanceof PrivateAddress || (thrown instanceof Error && thrown.cause !== undefined && isPrivate(thrown.cause))
