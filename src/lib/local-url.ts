import { isIPv6 } from 'node:net'

/** The address to show people of a server that listens there: what listens everywhere is reached at the loopback. */
export function localUrl({ host, port }: { host: string; port: number }): string {
  const everywhere = host === '0.0.0.0' || host === '::'
  return `http://${everywhere ? '127.0.0.1' : isIPv6(host) ? `[${host}]` : host}:${port}`
}
