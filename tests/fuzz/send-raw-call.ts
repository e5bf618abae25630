import { connect } from 'node:net'
import type { Answer } from './judge-answer.ts'

/** A request as its bytes go over the wire. */
export interface RawCall {
  method: string
  target: string
  headers: readonly (readonly [name: string, value: string])[]
  body: Buffer
  /** Sends only so many bytes of the body, and then says that nothing more comes. */
  cut?: number
}

/** Of what is no HTTP the method is not known: that it was HEAD, and the answer must have no body. */
const PARSER_REFUSES = [400, 408, 431]

/**
 * Sends a request byte by byte on a connection of its own: its path and headers may be such as no client would send.
 * Resolves to undefined when the connection ends without an answer; rejects when it neither ends nor answers within
 * `withinMs`.
 */
export function sendRawCall(url: string, call: RawCall, withinMs: number): Promise<Answer | undefined> {
  const { hostname, port } = new URL(url)
  const head = [
    `${call.method} ${call.target} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    'connection: close',
    ...call.headers.map(([name, value]) => `${name}: ${value}`)
  ].join('\r\n')
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    let received = Buffer.alloc(0)
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(readAnswer(received, call.method)?.answer)
    }
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer within ${withinMs} ms; so far ${JSON.stringify(String(received).slice(0, 500))}`))
    }, withinMs)
    socket.on('data', (piece) => {
      received = Buffer.concat([received, piece])
      // Whoever says no more is hung up on, behind the one answer there is.
      if (call.cut === undefined && readAnswer(received, call.method)?.isWhole) finish()
    })
    socket.on('end', finish)
    // What has come before a reset counts.
    socket.on('error', finish)
    socket.write(Buffer.from(`${head}\r\n\r\n`, 'latin1'))
    const sent = call.body.subarray(0, call.cut)
    if (sent.length > 0) socket.write(sent)
    if (call.cut !== undefined) socket.end()
  })
}

/** `isWhole`: nothing more of it will come. A server may keep the connection open behind an answer. */
function readAnswer(bytes: Buffer, method: string): { answer: Answer; isWhole: boolean } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  const rest = bytes.subarray(headEnd + 4)
  // "Go on", and the answer is yet to come.
  if (status === 100) return readAnswer(rest, method)
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    })
  ) as Record<string, string>
  // A stream of events goes on by itself.
  if (headers['content-type']?.startsWith('text/event-stream')) {
    return { answer: { status, headers, text: '', bytesBehind: 0 }, isWhole: true }
  }
  const isBodiless = method === 'HEAD' || status === 204 || status === 304
  const isChunked = !isBodiless && headers['transfer-encoding'] === 'chunked'
  const length = isBodiless ? 0 : Number(headers['content-length'] ?? Infinity)
  const { body, end } = isChunked ? unchunk(rest) : { body: rest.subarray(0, length), end: length }
  const isOfParser = method === 'HEAD' && PARSER_REFUSES.includes(status)
  const bytesBehind = isOfParser ? 0 : Math.max(0, rest.length - end)
  return { answer: { status, headers, text: body.toString(), bytesBehind }, isWhole: rest.length >= end }
}

/** The body of the chunks, and where it ends; never, when that has not come yet. */
function unchunk(bytes: Buffer): { body: Buffer; end: number } {
  const pieces: Buffer[] = []
  for (let place = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', place)
    const size = lineEnd < 0 ? NaN : parseInt(bytes.toString('latin1', place, lineEnd), 16)
    if (!(size > 0)) return { body: Buffer.concat(pieces), end: size === 0 ? lineEnd + 4 : Infinity }
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    place = lineEnd + 4 + size
  }
}
