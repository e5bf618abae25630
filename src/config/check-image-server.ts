import { checkUrl } from './agent-config-checks.ts'
import type { TextCheck } from './yaml-value.ts'

/** Ends of addresses that are copied from a page of examples: calls of OpenAI's API, below its root. */
const ENDPOINT =
  /\/(?:images\/(?:generations|edits|variations)(?:\/.*)?|images|models|(?:chat\/)?completions|responses|embeddings)$/i

/**
 * Checks the address of an image server; `speaksOpenAI` when it is the root of an API of OpenAI's kind. What is
 * certainly a slip is told with the address that was meant, without what in it may be secret.
 */
export const checkImageServer =
  ({ speaksOpenAI }: { speaksOpenAI: boolean }): TextCheck =>
  (text) => {
    const problem = checkUrl(text)
    if (problem !== undefined) return hasNoScheme(text) ? 'must begin with http:// or https://' : problem
    // The URL parser would silently mend all of these.
    if (/\s/.test(text)) return 'must not contain spaces'
    if (!/^https?:\/\/[^/\\]/i.test(text) || text.includes('\\')) return 'must be an http or https URL with two slashes'
    const url = new URL(text)
    if (/^https?$/i.test(url.hostname)) return 'begins with http:// twice'
    if (text.includes('#')) return `must not have a fragment (#…): use ${shown(url, url.pathname)}`
    if (!speaksOpenAI) return undefined
    const root = rootOf(url.pathname)
    return root === url.pathname.replace(/\/+$/, '')
      ? undefined
      : `must be the root of the API, not one of its calls: use ${shown(url, root)}`
  }

/** A host, which the URL parser takes for a scheme where a port follows. */
const hasNoScheme = (text: string): boolean =>
  /^(?:localhost|[\w-]+(?:\.[\w-]+)+|(?:[\w-]+|\[[\da-f:]+\]):\d{1,5}|[\w-]+(?:\.[\w-]+)+:\d{1,5})(?:\/.*)?$/i.test(
    text
  )

const rootOf = (pathname: string): string =>
  pathname
    .replace(/\/+$/, '')
    .replace(ENDPOINT, '')
    .replace(/(\/v\d+)\1+$/, '$1')

/** User name, password and the values of a query may be secret. */
function shown({ protocol, host, username, password, searchParams }: URL, path: string): string {
  const who = username === '' && password === '' ? '' : '…@'
  const names = [...new Set(searchParams.keys())].map((name) => `${name}=…`)
  return `${protocol}//${who}${host}${path}${names.length === 0 ? '' : `?${names.join('&')}`}`
}
