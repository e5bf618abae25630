import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type ScriptedAnswer =
  { status?: number; json?: unknown; html?: string; location?: string } | 'endless' | 'silent'

export interface ScriptedServer {
  url: string
  /** `GET /path`, in the order they came. */
  calls: string[]
  /** Of the calls, in the same order. */
  headers: IncomingMessage['headers'][]
  /** Of the calls, each before it was answered. */
  bodies: string[]
  close(): Promise<void>
}

/** A server that answers each call by `METHOD /path` as it is told, else by `*`, else with 404. */
export async function startScriptedServer(
  script: Record<string, ScriptedAnswer>,
  { host = '127.0.0.1' }: { host?: string } = {}
): Promise<ScriptedServer> {
  const calls: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const bodies: string[] = []
  const http = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    calls.push(`${request.method} ${path}`)
    headers.push(request.headers)
    const told = script[`${request.method} ${path}`] ?? script['*'] ?? { status: 404, json: { detail: 'Not Found' } }
    const read = (body: string) => {
      bodies.push(body)
      answer(told, response)
    }
    text(request).then(read, () => response.destroy())
  })
  http.listen(0, host)
  await once(http, 'listening')
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    calls,
    headers,
    bodies,
    close: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    }
  }
}

function answer(told: ScriptedAnswer, response: ServerResponse): void {
  if (told === 'silent') return
  if (told === 'endless') {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = () => {
      while (!response.destroyed && response.write('[' + ' '.repeat(64 * 1024)));
      response.once('drain', more)
    }
    return more()
  }
  const { status = 200, json, html, location } = told
  response.writeHead(status, {
    'content-type': html === undefined ? 'application/json' : 'text/html',
    ...(location !== undefined && { location })
  })
  response.end(html ?? JSON.stringify(json ?? {}))
}
