import { type ClientRequest, type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export interface RawRequest {
  /** To write the body to, piece by piece; a request without a `content-length` is chunked. */
  request: ClientRequest
  /** As soon as it is there, however much of the body has been sent. */
  answer: Promise<RawAnswer>
}

/** A POST on a connection of its own whose body the test sends as it likes. */
export function startRawRequest(url: string, headers: Record<string, string | number>): RawRequest {
  const request = httpRequest(url, { method: 'POST', headers, agent: false })
  const answer = new Promise<RawAnswer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: body }),
        reject
      )
    })
  })
  // A test that breaks its request off does not ask for the answer.
  answer.catch(() => undefined)
  request.flushHeaders()
  return { request, answer }
}
