import { randomBytes } from 'node:crypto'

/** Asks with these headers where a WebSocket can be had; what is thrown, or undefined, is no answer. */
export type SocketCall = (
  headers: Record<string, string>,
  signal: AbortSignal
) => Promise<{ status: number } | undefined>

/** What whoever wants a WebSocket asks with (RFC 6455, 4.1). */
const askForSocket = (): Record<string, string> => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': randomBytes(16).toString('base64')
})

/** By which servers say that nobody has asked them for a WebSocket, or that there is none. */
const NOT_ASKED = [400, 404, 405, 426]
/** Nobody waits for this alone. */
const LOOK_WITHIN_MS = 2000

/**
 * Whether what stands before a server passes no WebSockets on: whoever gets one gets no other answer. False where there is no word
 * of it.
 */
export async function passesNoSockets(call: SocketCall, signal: AbortSignal): Promise<boolean> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(LOOK_WITHIN_MS)])
  const answer = await call(askForSocket(), within).catch(() => undefined) // It has been opened, or nobody knows.
  return answer !== undefined && NOT_ASKED.includes(answer.status)
}

/** How a proxy is told to pass them on. */
export const PASS_SOCKETS =
  'nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade'

/** Of a server that makes images without them. */
const WITHOUT_SOCKETS = `Images come without steps and previews, for what stands before the image server passes no WebSockets on (${PASS_SOCKETS}).`

/** As `passesNoSockets`: what whoever runs such a server may do, as one that is described tells it. */
export const adviseOnSockets = async (call: SocketCall, signal: AbortSignal): Promise<{ advice?: string }> =>
  (await passesNoSockets(call, signal)) ? { advice: WITHOUT_SOCKETS } : {}

/** The same of a server that is described again and again; it is asked once. */
export function createSocketAdvice(call: SocketCall): (signal: AbortSignal) => Promise<{ advice?: string }> {
  let known: { advice?: string } | undefined
  return async (signal) => {
    const found = known ?? (await adviseOnSockets(call, signal))
    if (!signal.aborted) known = found
    return found
  }
}
