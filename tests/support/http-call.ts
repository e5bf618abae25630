import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import type { RawAnswer } from './raw-request.ts'

/** A GET with headers that `fetch` keeps to itself (`host`, `upgrade`); 101 when the connection was taken for something else. */
export const httpCall = (url: string, headers: Record<string, string>): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const call = httpRequest(url, { headers, agent: false })
    call.on('error', reject)
    call.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, headers: {}, text: '' })
    })
    call.on('response', (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: body }),
        reject
      )
    })
    call.end()
  })
