import { isatty } from 'node:tty'

/**
 * Tells whether the terminal in which this process was started has gone since, as it has when its window or its ssh session was
 * closed. What was started without one, as by systemd or with nohup, can lose none. `isTerminal` tells it of a file descriptor.
 */
export function watchTerminal(isTerminal: (fd: number) => boolean = isatty): { isGone(): boolean } {
  const atStart = [0, 1, 2].filter((fd) => isTerminal(fd))
  return { isGone: () => atStart.length > 0 && !atStart.some((fd) => isTerminal(fd)) }
}
