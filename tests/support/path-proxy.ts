import { once } from 'node:events'
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PathProxy {
  /** Where people reach what is behind it, with the path, without a slash at its end. */
  url: string
  /** Calls that were for other paths. */
  strays: string[]
  setTarget(url: string): void
  close(): Promise<void>
}

/**
 * A reverse proxy that serves one path of its host, WebSockets included, as nginx does: `strip` takes the path away, else
 * it is passed on. It says who calls in `X-Forwarded-For`, and that it was reached by HTTP.
 */
export async function startPathProxy(path: string, { strip }: { strip: boolean }): Promise<PathProxy> {
  const strays: string[] = []
  let target = 'http://127.0.0.1:9'
  const forward = ({ method, url = '/', headers, socket }: IncomingMessage) => {
    const from = strip ? url.slice(path.length) || '/' : url
    return httpRequest(`${target}${from}`, {
      method,
      agent: false,
      headers: {
        ...headers,
        'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
        'x-forwarded-proto': 'http'
      }
    })
  }
  const isOurs = ({ url = '' }: IncomingMessage) => url === path || url.startsWith(`${path}/`)
  const server = createServer((incoming, answer) => {
    if (!isOurs(incoming)) {
      strays.push(incoming.url ?? '')
      return void answer.writeHead(404).end('another site')
    }
    const outgoing = forward(incoming)
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    answer.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  server.on('upgrade', (incoming, socket) => {
    socket.on('error', () => socket.destroy())
    if (!isOurs(incoming)) return void socket.destroy()
    const outgoing = forward(incoming)
    outgoing.on('error', () => socket.destroy())
    outgoing.on('response', (response) => {
      socket.write(`HTTP/1.1 ${response.statusCode} Refused\r\nconnection: close\r\n\r\n`)
      response.pipe(socket)
    })
    outgoing.on('upgrade', (response, upstream) => {
      upstream.on('error', () => socket.destroy())
      const lines = response.rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`)
      upstream.pipe(socket).pipe(upstream)
    })
    outgoing.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    strays,
    setTarget: (url) => void (target = url),
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}
