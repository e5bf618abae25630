/**
 * The least that can stand between a caller and an image server: `node pipe-main.ts '{"to":"http://…"}'` passes everything on
 * as it comes, in both directions, and prints its address as a line of JSON. What it costs is what any proxy in Node costs.
 */
import { once } from 'node:events'
import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

const { to } = JSON.parse(process.argv[2] ?? '{}') as { to: string }
const agent = new Agent({ keepAlive: true })

const server = createServer((incoming, response) => {
  const { method, headers, url = '/' } = incoming
  const onward = httpRequest(new URL(url, to), { method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  incoming.pipe(onward)
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`)
