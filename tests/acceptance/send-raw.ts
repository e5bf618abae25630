import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { Unchecked } from './acceptance-case.ts'
import type { Answer, Club, Fields } from './club.ts'

const PATIENCE_MS = 30_000

/**
 * Sends bytes as they are, for what `fetch` will not say, and reads until the server closes: the request has to ask for
 * that. The answer's body must not be chunked unless it is read as text only. Throws `Unchecked` when what answers is a page of
 * a proxy in front of the club, which such requests do not pass.
 */
export const sendRaw = (club: Club, head: readonly string[], body: string | Buffer = ''): Promise<Answer<Fields>> =>
  club.patiently(() => sendOnce(club, head, body))

async function sendOnce(club: Club, head: readonly string[], body: string | Buffer): Promise<Answer<Fields>> {
  const { protocol, hostname, port } = new URL(club.root)
  const host = hostname.replace(/^\[|\]$/g, '')
  const secure = protocol === 'https:'
  const to = { host, port: Number(port) || (secure ? 443 : 80) }
  const socket: Socket = secure ? connectTls({ ...to, servername: host }) : connectPlain(to)
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the server neither answered nor closed')))
  await once(socket, secure ? 'secureConnect' : 'connect')
  socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]))
  const answer = parse(await buffer(socket))
  if (isPageOfProxy(answer)) {
    throw new Unchecked(`${answer.headers.get('server') ?? 'a proxy'} in front of the club answers it by itself`)
  }
  return answer
}

const isPageOfProxy = ({ status, headers }: Answer<Fields>): boolean =>
  status >= 400 && !headers.has('x-request-id') && /^text\/html/.test(headers.get('content-type') ?? '')

/** The path of a request line, for clubs below a path of their host. */
export const pathOf = (club: Club, path: string): string => new URL(club.root).pathname.replace(/\/$/, '') + path

function parse(bytes: Buffer): Answer<Fields> {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n')
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(':')[0] ?? '', line.replace(/^[^:]*:\s*/, '')])
  )
  const content = bytes.subarray(end + 4)
  const text = content.toString()
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1] ?? NaN)
  // Between the braces, whether or not it is in chunks.
  const json = /\{.*\}/s.exec(text)?.[0]
  return { status, headers, bytes: content, text, body: (json === undefined ? undefined : JSON.parse(json)) as Fields }
}
