import { isSecretName } from '../lib/url-secrets.ts'

/** Where an image server's API lies, and who asks there. */
export interface UpstreamAddress {
  origin: string
  /** The URL of a path below the API's root, such as `/models`, with the query of the address itself. */
  urlOf(path: string): string
  /** `Basic …` of the user name and password in the address. */
  authorization: string | undefined
  /**
   * What must be told to nobody: the password and the keys in the query, as the address spells them and decoded, and what `Basic`
   * sends of user name and password.
   */
  secrets: string[]
}

/** An address, for those who run the service: without a user name, a password and the query, which often holds a key. */
export function shownAddress(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/+$/, '')}`
}

/**
 * Reads the address as its owner wrote it. `usualRoot` (`/v1`) is added where there is no path, as of a server that is
 * named by host and port alone; any other path is the API's root already: `…/v1beta/openai`, `…/v4`,
 * `/openai/deployments/x`. A query (`?api-version=…`) goes with every call. Throws `TypeError` for what is no URL.
 */
export function readAddress(baseUrl: string, usualRoot: string): UpstreamAddress {
  const { origin, pathname, search, username, password } = new URL(baseUrl)
  const path = pathname.replace(/\/+$/, '')
  const root = `${origin}${path === '' ? usualRoot : path}`
  const basic =
    username === '' && password === ''
      ? undefined
      : Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')
  return {
    origin,
    urlOf: (below) => `${root}${below}${search}`,
    authorization: basic === undefined ? undefined : `Basic ${basic}`,
    secrets: [...(basic === undefined ? [] : [basic, password, decode(password)]), ...keysIn(search)]
  }
}

/** Values of a query whose names say that they let somebody in. */
const keysIn = (search: string): string[] =>
  search
    .slice(1)
    .split('&')
    .map((part) => /^([^=]*)=(.*)$/.exec(part))
    .flatMap((found) => {
      const [, name = '', value = ''] = found ?? []
      return isSecretName(decode(name)) ? [value, decode(value)] : []
    })

/** A `%` that begins no escape is itself, as browsers take it. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
