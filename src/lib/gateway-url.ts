/** What stands before a host decides whether a key travels in the open: it is assumed for addresses of this network alone. */
const LOCAL_HOST =
  /^(?:localhost|127(?:\.\d{1,3}){3}|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|\[::1\]|[\w-]+(?:\.[\w-]+)*\.(?:local|lan|internal|home\.arpa))$/i

/**
 * The address of a gateway as people give it, in the one form that everything else expects: with a scheme, without `/v1`,
 * which is part of the base URL of other clients, nor a slash at its end. `problem` is the end of a sentence about it,
 * and repeats nothing of it.
 */
export function readGatewayUrl(text: string): { url: string } | { problem: string } {
  const given = text.trim()
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(given)
  const [, host = '', port = ''] = /^(\[[\da-f:]+\]|[\w.-]+)(:\d{1,5})?(?:\/.*)?$/i.exec(given) ?? []
  const isLocal = LOCAL_HOST.test(host) || (port !== '' && /^[\w-]+$/.test(host))
  if (!hasScheme && !isLocal) {
    return { problem: host.includes('.') ? 'must begin with https:// or http://' : 'must be an http or https URL' }
  }
  const url = URL.parse(hasScheme ? given : `http://${given}`)
  if (!url || !/^https?:$/.test(url.protocol)) return { problem: 'must be an http or https URL' }
  if (url.search || url.hash || url.username || url.password) {
    return { problem: 'must not have a query, fragment, user name or password' }
  }
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/+v1(?:\/.*)?$/, '')}` }
}
