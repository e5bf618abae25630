import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A status without a body, an answer of its own making, or no answer until it is released. */
export type ReceiverAnswer = number | 'hang' | ((response: ServerResponse) => void)

export interface ReceivedWebhook {
  method: string | undefined
  /** With the query. */
  path: string | undefined
  headers: Record<string, string>
  body: string
}

export interface WebhookReceiver {
  /** `http://127.0.0.1:port` */
  url: string
  port: number
  /** Everything that came, oldest first. */
  received: ReceivedWebhook[]
  /** How many connections were made, requests or not. */
  connections(): number
  /** How many of them are open. */
  open(): number
  /** Of the next requests, one each; all others are answered with 204. */
  answerNext(...answers: ReceiverAnswer[]): void
  /** Answers all requests that hang with 204. */
  release(): void
  close(): Promise<void>
}

/** An HTTP server on the loopback that takes webhooks and does with them what a test says. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = []
  const answers: ReceiverAnswer[] = []
  let hanging: ServerResponse[] = []
  let connections = 0
  let open = 0

  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    received.push({ method, path, headers: headers as Record<string, string>, body })
    const answer = answers.shift() ?? 204
    if (answer === 'hang') hanging.push(response)
    else if (typeof answer === 'number') response.writeHead(answer).end()
    else answer(response)
  })
  server.on('connection', (socket) => {
    connections += 1
    open += 1
    socket.on('close', () => (open -= 1))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    connections: () => connections,
    open: () => open,
    answerNext: (...next) => void answers.push(...next),
    release: () => {
      for (const response of hanging) response.writeHead(204).end()
      hanging = []
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
