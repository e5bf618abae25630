import { isIP } from 'node:net'

/** A club below one of them could not be told from one at the root. */
const OWN_PATHS = ['v1', 'api', 'assets', 'docs']

export function checkPublicUrl(text: string): string | undefined {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    return `must be an http or https URL, not '${text}'`
  }
  const { search, hash, username, pathname } = new URL(text)
  if (search || hash || username) return 'must not have a query, fragment or user name'
  if (!/^(\/[\w.~-]+)*\/*$/.test(pathname)) {
    return `may have a path of letters, digits and . _ ~ - alone, not '${pathname}'`
  }
  const first = pathname.split('/')[1] ?? ''
  return OWN_PATHS.includes(first)
    ? `must be the address that the dashboard has, without /${first} and what follows: the server adds that itself`
    : undefined
}

export function checkNetwork(text: string): string | undefined {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  if (family === 0) return `must list IP addresses or networks such as 10.0.0.0/8, not '${text}'`
  const most = family === 4 ? 32 : 128
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most)
    ? undefined
    : `has a network with a wrong prefix length: '${text}'`
}

export function checkHostName(text: string): string | undefined {
  return text === '*' || /^(\.?[a-z\d_-]+)+$/i.test(text)
    ? undefined
    : `must list names such as images.example.org, without protocol and port, not '${text}'`
}

export function checkOrigin(text: string): string | undefined {
  if (text === '*') return undefined
  return URL.canParse(text) && new URL(text).origin === text
    ? undefined
    : `must list origins such as https://app.example.org, not '${text}'`
}
