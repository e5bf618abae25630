import { WebSocket } from 'ws'
import { members, parseJson } from '../upstream-text.ts'
import { parseFrame, type PictureFrame } from './comfyui-frames.ts'

const OPEN_WITHIN_MS = 10_000
/** Servers that can say of which node a picture is answer at once. */
const FLAGS_WITHIN_MS = 3_000
const PING_EVERY_MS = 15_000
/** Beside a picture. */
const MORE_BYTES = 1024 * 1024

export interface SocketParts {
  url: string
  headers: Record<string, string>
  /** Of a picture that comes through it. */
  maxImageBytes: number
  /** Whether the server can be asked to say of which node a picture is. */
  asksMetadata: boolean
  onEvent(type: string, data: Record<string, unknown>): void
  onPicture(frame: PictureFrame): void
  /** `tooLarge`: something larger than a picture may be came. */
  onClose(tooLarge: boolean): void
  signal: AbortSignal
}

/** The stream of events of one client. */
export interface ComfySocket {
  close(): void
}

/**
 * Opens the stream and waits until the server has heard what it is asked of, so that nothing is sent before it has.
 * Undefined when it cannot be had: a server or a proxy that has no such thing, or is gone.
 */
export async function openSocket(parts: SocketParts): Promise<ComfySocket | undefined> {
  const { url, headers, maxImageBytes, signal } = parts
  const socket = new WebSocket(url, {
    headers,
    handshakeTimeout: OPEN_WITHIN_MS,
    maxPayload: maxImageBytes + MORE_BYTES,
    perMessageDeflate: false
  })
  const ready = Promise.withResolvers<boolean>()
  let tooLarge = false
  let heard = true
  let flagsTimer: NodeJS.Timeout | undefined
  const pings = setInterval(() => {
    // A connection that died without a word is found out this way alone.
    if (!heard) return socket.terminate()
    heard = false
    socket.ping()
  }, PING_EVERY_MS).unref()
  const abort = () => socket.terminate()

  socket.on('open', () => {
    if (!parts.asksMetadata) return ready.resolve(true)
    socket.send(JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }))
    flagsTimer = setTimeout(() => ready.resolve(true), FLAGS_WITHIN_MS)
  })
  socket.on('message', (data: Buffer, isBinary) => {
    heard = true
    if (isBinary) {
      const picture = parseFrame(data)
      if (picture) parts.onPicture(picture)
      return
    }
    const { type, data: told } = members(parseJson(data.toString()))
    if (type === 'feature_flags') ready.resolve(true)
    if (typeof type === 'string') parts.onEvent(type, members(told))
  })
  socket.on('pong', () => (heard = true))
  socket.on('error', (error: Error & { code?: string }) => {
    tooLarge ||= error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
  })
  socket.on('close', () => {
    clearInterval(pings)
    clearTimeout(flagsTimer)
    signal.removeEventListener('abort', abort)
    ready.resolve(false)
    parts.onClose(tooLarge)
  })
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const isOpen = await ready.promise
  clearTimeout(flagsTimer)
  return isOpen ? { close: () => socket.terminate() } : undefined
}
