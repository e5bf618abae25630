import type { Socket } from 'node:net'

/** How it is found that the other side of a connection has closed it. */
const CLOSED_CODES = ['EPIPE', 'ECONNRESET', 'ECONNABORTED']
/** What has arrived by then is there at once. */
const READ_WITHIN_MS = 1000

type Written = (error?: Error | null) => void

const prepared = new WeakSet<Socket>()

/**
 * Has a connection that its other side closes while it is written to be read to its end before that counts: whoever takes no more (a
 * proxy says 413, and closes) has answered by then, and Node would throw that answer away with the connection.
 */
export function readAfterReset(socket: Socket): void {
  if (prepared.has(socket)) return
  prepared.add(socket)
  const heldBack =
    (written: Written): Written =>
    (error) => {
      const { code = '' } = (error ?? {}) as { code?: string }
      if (!CLOSED_CODES.includes(code) || socket.destroyed) return written(error)
      const timer = setTimeout(() => written(error), READ_WITHIN_MS)
      socket.once('close', () => clearTimeout(timer))
    }
  const write = socket._write.bind(socket)
  const writeAll = socket._writev?.bind(socket)
  socket._write = (chunk, encoding, written) => write(chunk, encoding, heldBack(written))
  if (writeAll) socket._writev = (chunks, written) => writeAll(chunks, heldBack(written))
}
