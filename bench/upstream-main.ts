/**
 * The image server behind everything that is measured, as a process of its own: `node upstream-main.ts '{}'` prints its address
 * as a line of JSON and runs until it is killed. It answers OpenAI's calls at once (or after a time) with a picture that no
 * call before got, in base64, and reads uploads to their end without looking at them.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { noisePicture } from './pictures.ts'
import { SIDES, type UpstreamSettings } from './upstream.ts'

const settings: UpstreamSettings = { picture: 'small', delayMs: 0 }
const prepared = {
  small: prepare(await noisePicture('small', SIDES.small)),
  large: prepare(await noisePicture('large', SIDES.large))
}
let answered = 0

/** The answer up to what differs from picture to picture. */
function prepare({ head, tail }: Awaited<ReturnType<typeof noisePicture>>) {
  return { begin: Buffer.from(`{"created":1,"data":[{"b64_json":"${head.toString('base64')}`), tail }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/__control') {
    Object.assign(settings, await json(request))
    return void response.end()
  }
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.end('{"object":"list","data":[{"id":"bench","object":"model"}]}')
  }
  for await (const _ of request);
  if (settings.delayMs > 0) await sleep(settings.delayMs)
  const { begin, tail } = prepared[settings.picture]
  const end = Buffer.from(`${tail(++answered).toString('base64')}"}]}`)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': begin.length + end.length })
  response.cork()
  response.write(begin)
  response.end(end)
  response.uncork()
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy())
})
// Between two measurements nobody calls, and a connection that is closed meanwhile would be a failed call.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`)
