import type { WebSocket } from 'ws'
import type { MessageLimits } from '../lib/edge-limits.ts'

/**
 * Counts the messages of a socket. One that has sent `most` within a window is not read again before the window is over:
 * what it sends meanwhile waits on its own machine, and nothing is lost. One that goes on like this for `mostFullWindows`
 * in a row, or had sent ten times as many before the pause took effect, is told of once, and is not read again.
 */
export function limitMessageRate(
  socket: Pick<WebSocket, 'pause' | 'resume'>,
  { most, windowMs, mostFullWindows }: MessageLimits,
  onFlood: () => void
): { count(): void; close(): void } {
  let sent = 0
  let fullWindows = 0
  let isPaused = false
  let hasFlooded = false
  let windows: NodeJS.Timeout | undefined
  const stopWindows = () => {
    clearInterval(windows)
    windows = undefined
  }
  const endWindow = () => {
    fullWindows = isPaused ? fullWindows + 1 : 0
    if (fullWindows >= mostFullWindows || sent > 10 * most) {
      hasFlooded = true
      stopWindows()
      return onFlood()
    }
    // Nobody is woken for a socket that is silent.
    if (sent === 0) stopWindows()
    sent = 0
    if (!isPaused) return
    isPaused = false
    socket.resume()
  }
  return {
    count: () => {
      sent += 1
      if (!hasFlooded) windows ??= setInterval(endWindow, windowMs)
      if (sent < most || isPaused) return
      isPaused = true
      socket.pause()
    },
    close: stopWindows
  }
}
