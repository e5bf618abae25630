import { once } from 'node:events'
import { connect } from 'node:net'
import { waitFor } from './wait-for.ts'

export interface RawConnection {
  /** Resolves when the bytes have left this process. */
  send(bytes: Buffer | string): Promise<void>
  /** The next answer, read from the connection whole by its `content-length`. */
  answer(): Promise<{ status: number; head: string; text: string }>
  /** Rejects when the connection was reset. */
  closed: Promise<void>
  /** Says that nothing more will be sent; answers can still come. */
  sayNoMore(): void
  end(): void
}

/**
 * A TCP connection to an HTTP server on which the test writes every byte itself. Nothing is read before `answer` is
 * called: like a client that sends its whole body before it looks for an answer.
 */
export async function openRawConnection(url: string): Promise<RawConnection> {
  const socket = connect(Number(new URL(url).port), new URL(url).hostname)
  socket.setNoDelay(true)
  await once(socket, 'connect')
  const closed = new Promise<void>((resolve, reject) => {
    socket.once('close', resolve)
    socket.once('error', reject)
  })
  closed.catch(() => undefined)
  let received = Buffer.alloc(0)
  socket.on('data', (chunk) => (received = Buffer.concat([received, chunk])))
  // A listener for data has set it flowing.
  socket.pause()
  return {
    closed,
    send: (bytes) =>
      new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    answer: async () => {
      socket.resume()
      const parsed = await waitFor(() => {
        const end = received.indexOf('\r\n\r\n')
        const head = received.subarray(0, Math.max(0, end)).toString()
        const bodyEnd = end + 4 + Number(/^content-length: (\d+)$/im.exec(head)?.[1])
        if (end >= 0 && received.length >= bodyEnd)
          return { head, text: received.subarray(end + 4, bodyEnd).toString(), bodyEnd }
        if (socket.destroyed) throw new Error('the connection was closed before the answer')
        return undefined
      })
      received = received.subarray(parsed.bodyEnd)
      return { status: Number(parsed.head.slice(9, 12)), head: parsed.head, text: parsed.text }
    },
    sayNoMore: () => void socket.end(),
    end: () => socket.destroy()
  }
}
