import type { WebSocket } from 'ws'

/** Far above what steps of a hundred images at once make, far below what would keep the process from others. */
const MOST_PER_WINDOW = 1000
const WINDOW_MS = 1000

/**
 * Counts the messages of a socket. One that has sent `most` within a window is not read again before the window is over:
 * what it sends meanwhile waits on its own machine, and nothing is lost.
 */
export function limitMessageRate(
  socket: Pick<WebSocket, 'pause' | 'resume'>,
  { most, windowMs } = { most: MOST_PER_WINDOW, windowMs: WINDOW_MS }
): { count(): void; close(): void } {
  let sent = 0
  let isPaused = false
  const timer = setInterval(() => {
    sent = 0
    if (!isPaused) return
    isPaused = false
    socket.resume()
  }, windowMs)
  return {
    count: () => {
      sent += 1
      if (sent < most || isPaused) return
      isPaused = true
      socket.pause()
    },
    close: () => clearInterval(timer)
  }
}
