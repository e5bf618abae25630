import { cleanText } from '../../lib/clean-text.ts'

export const USUAL_AGENT_FILE = 'agent.yaml'

/** Where the server itself lies, of an address that may be the root of an API of its. */
export const rootOf = (url: string): string => {
  const { protocol, host, username, password, pathname, search } = new URL(url)
  const who = username + password === '' ? '' : `${username}:${password}@`
  return `${protocol}//${who}${host}${pathname.replace(/\/+$/, '').replace(/\/v\d+$/, '')}${search}`
}

/** The same for all names of one place. */
export const placeOf = (url: string): string => {
  const { hostname, port, protocol } = new URL(url)
  const host = isLoopback(hostname) ? 'loopback' : hostname
  return `${host}:${port || (protocol === 'https:' ? '443' : '80')}`
}

/** At this machine itself. */
export const isLoopback = (hostname: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\])$/i.test(hostname)

/** Without what may be secret. */
export const shownUrl = (text: string): string => {
  const { protocol, host, username, password, pathname } = new URL(text)
  return cleanText(
    `${protocol}//${username + password === '' ? '' : '…@'}${host}${pathname === '/' ? '' : pathname}`,
    200
  )
}

/** An address with or without `http://`; undefined for what can only be the name of a file. */
export function asUrl(text: string): string | undefined {
  if (/^https?:\/\/[^/]/i.test(text)) return URL.canParse(text) ? text : undefined
  const isHost = /^(?:[^\s/@]+@)?(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]+\])(?:\/.*)?$/i.test(text)
  const hasPort = /^(?:[^\s/@]+@)?(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:]+\]):\d{1,5}(?:\/.*)?$/i.test(text)
  return (isHost || hasPort) && URL.canParse(`http://${text}`) ? `http://${text}` : undefined
}
