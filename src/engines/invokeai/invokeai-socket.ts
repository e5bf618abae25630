import { WebSocket } from 'ws'
import { members, parseJson } from '../upstream-text.ts'

const OPEN_WITHIN_MS = 10_000
/** A preview in base64, beside the node that it is of, which names models. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

export interface SocketParts {
  url: string
  headers: Record<string, string>
  token: string | undefined
  queue: string
  onEvent(name: string, data: Record<string, unknown>): void
  onClose(): void
  signal: AbortSignal
}

/** The stream of events of a queue. */
export interface EventSocket {
  close(): void
}

/**
 * Opens the stream of a queue's events. It is Socket.IO over one WebSocket (Engine.IO 4), of which this is the part that is
 * needed: texts that begin with a digit for their kind. Its own client has no limit for the size of a message, which
 * here a stranger's server decides. Undefined when it cannot be had; everything but previews is asked for then.
 * https://socket.io/docs/v4/engine-io-protocol/, https://socket.io/docs/v4/socket-io-protocol/
 */
export async function openSocket(parts: SocketParts): Promise<EventSocket | undefined> {
  const { url, headers, token, queue, signal } = parts
  const socket = new WebSocket(url, {
    headers,
    handshakeTimeout: OPEN_WITHIN_MS,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false
  })
  const ready = Promise.withResolvers<boolean>()
  const abort = () => socket.terminate()
  const tooLate = setTimeout(abort, OPEN_WITHIN_MS)
  /** The server pings; one that has not for so long is gone. */
  let silence: NodeJS.Timeout | undefined
  let patienceMs = 60_000
  const hear = () => {
    clearTimeout(silence)
    silence = setTimeout(abort, patienceMs).unref()
  }

  const onPacket = (packet: string): void => {
    hear()
    if (packet.startsWith('0')) {
      const { pingInterval, pingTimeout } = members(parseJson(packet.slice(1)))
      const told = Number(pingInterval) + Number(pingTimeout)
      if (told > 0 && told < 600_000) patienceMs = told
      return socket.send(`40${token === undefined ? '' : JSON.stringify({ token })}`)
    }
    if (packet === '2') return socket.send('3')
    if (packet.startsWith('40')) {
      socket.send(`42${JSON.stringify(['subscribe_queue', { queue_id: queue }])}`)
      return ready.resolve(true)
    }
    // Refused, or closed.
    if (packet.startsWith('44') || packet.startsWith('41') || packet === '1') return abort()
    if (!packet.startsWith('42')) return
    const event = parseJson(packet.slice(2))
    const [name, data] = Array.isArray(event) ? (event as unknown[]) : []
    if (typeof name === 'string') parts.onEvent(name, members(data))
  }

  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) onPacket(data.toString())
  })
  socket.on('error', () => undefined) // What follows is that it closes.
  socket.on('close', () => {
    clearTimeout(tooLate)
    clearTimeout(silence)
    signal.removeEventListener('abort', abort)
    ready.resolve(false)
    parts.onClose()
  })
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const isOpen = await ready.promise
  clearTimeout(tooLate)
  return isOpen ? { close: () => socket.terminate() } : undefined
}
