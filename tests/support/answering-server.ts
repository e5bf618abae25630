import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** The address of a server that answers so until the test ends; of what it is sent it throws away what `answer` does not read. */
export async function startAnswering(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    answer(request, response)
    request.resume()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers everything alike, whatever it is asked. */
export const alike =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body)
