import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** What is met at the address: nothing, a fault, or another server, by its URL. */
export type Stage =
  | 'gone'
  | 'nobody behind'
  | 'no answer behind'
  | 'a page'
  | 'a sign-in'
  | 'another program'
  | 'no such route'
  | 'key refused'
  | 'failing'
  | 'busy'
  | 'unreadable'
  | 'hanging'
  | URL

export interface StagedServer {
  url: string
  show(stage: Stage): Promise<void>
  close(): Promise<void>
}

const ANSWERS = {
  // Of a proxy whose server is down, and of one that wants to know who comes.
  'nobody behind': { status: 502, body: '<html><body><h1>502 Bad Gateway</h1></body></html>' },
  'no answer behind': { status: 504, body: '<html><body><h1>504 Gateway Time-out</h1></body></html>' },
  'a page': { status: 200, body: '<!doctype html><title>Sign in</title>' },
  'a sign-in': { status: 302, body: '' },
  // Of a server for something else, which takes whatever it is asked for well.
  'another program': { status: 200, body: '{"status":"ok"}' },
  'no such route': { status: 404, body: '404 page not found' },
  'key refused': { status: 401, body: '{"error":{"message":"Unauthorized"}}' },
  failing: { status: 500, body: '{"error":{"message":"No more ideas."}}' },
  busy: { status: 503, body: '{"error":{"message":"Loading."}}' },
  unreadable: { status: 200, body: '<html>' }
}

/** An address at which an image server is ended, and started again with other options, as its owner does it. */
export async function startStagedServer(): Promise<StagedServer> {
  let stage: Stage = 'gone'
  const answer = (incoming: IncomingMessage, response: ServerResponse) => {
    if (stage instanceof URL) return passOn(incoming, response, stage)
    // Nobody is there for it, or for what came on a connection of before.
    if (stage === 'hanging' || stage === 'gone') return
    const { status, body } = ANSWERS[stage]
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }
  const http = createServer(answer).listen(0, '127.0.0.1')
  http.on('upgrade', (incoming, socket) => {
    if (stage instanceof URL) passUpgradeOn(incoming, socket, stage)
    else socket.destroy()
  })
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const end = async () => {
    http.closeAllConnections()
    if (!http.listening) return
    http.close()
    await once(http, 'close')
  }
  await end()
  return {
    url: `http://127.0.0.1:${port}`,
    show: async (next) => {
      stage = next
      if (stage === 'gone') return end()
      if (http.listening) return
      http.listen(port, '127.0.0.1')
      await once(http, 'listening')
    },
    close: end
  }
}

function passOn(incoming: IncomingMessage, response: ServerResponse, { hostname, port }: URL): void {
  const { method, url: path, headers } = incoming
  const outgoing = request({ hostname, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  incoming.pipe(outgoing)
}

function passUpgradeOn({ method, url, rawHeaders }: IncomingMessage, socket: Duplex, { hostname, port }: URL): void {
  const headers = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []))
  const outgoing = connect(Number(port), hostname)
  outgoing.write([`${method} ${url} HTTP/1.1`, ...headers, '', ''].join('\r\n'))
  for (const [one, other] of [
    [socket, outgoing],
    [outgoing, socket]
  ] as const) {
    one.on('error', () => other.destroy())
    one.pipe(other)
  }
}
