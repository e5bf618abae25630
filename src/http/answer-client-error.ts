import type { Socket } from 'node:net'
import { type AppError, errors } from '../lib/errors.ts'
import { rawAnswer } from '../lib/raw-answer.ts'

/** How long a caller may take to read why; closing at once would reset the connection, and the answer would be lost. */
const LINGER_MS = 2000

/** Connections that have been told. The parser complains anew about everything that still arrives on them. */
const told = new WeakSet<Socket>()

/**
 * Answers what Node's HTTP parser refuses before there is a request: headers that are too large, a request that does not
 * arrive in time, and what is not HTTP.
 */
export function answerClientError(thrown: NodeJS.ErrnoException, socket: Socket): void {
  if (thrown.code === 'ECONNRESET' || socket.destroyed || told.has(socket)) return
  if (!socket.writable || isAnswering(socket)) return void socket.destroy(thrown)
  told.add(socket)
  socket.end(hasAnswered(socket) ? '' : rawAnswer(asAppError(thrown)))
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
}

/** What Node keeps on the socket, and looks at, too. */
type HttpSocket = Socket & {
  _httpMessage?: { headersSent: boolean } | null
  parser?: { incoming: { complete: boolean } | null } | null
}

/** Of an answer that is under way nothing else may come in the middle. */
const isAnswering = (socket: HttpSocket): boolean => socket._httpMessage?.headersSent ?? false

/** An answer that went out before its request had come whole is the only one to it, whatever is wrong with the rest. */
const hasAnswered = ({ _httpMessage, parser }: HttpSocket): boolean =>
  !_httpMessage && parser?.incoming?.complete === false

function asAppError({ code }: NodeJS.ErrnoException): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return errors.headersTooLarge()
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return errors.requestTimedOut()
    default:
      return errors.invalidRequest('This is not a valid HTTP/1.1 request. Check the request line, headers and chunks.')
  }
}
