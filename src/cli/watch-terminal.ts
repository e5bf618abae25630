import { isatty } from 'node:tty'

export interface WatchedTerminal {
  /** Whether this process was started in one. */
  readonly wasThere: boolean
  /** Whether that has gone since, asked when a SIGHUP has come. */
  isGone(): boolean
  /**
   * Has `onGone` called if it goes within half a minute. A shell that is told of the end passes the SIGHUP on while its terminal is
   * there still, and when that has gone nobody sends another.
   */
  ifItGoes(onGone: () => void): void
}

const LOOK_EVERY_MS = 250
const LOOK_FOR_MS = 30_000

/**
 * The terminal in which this process was started, which goes when its window or its ssh session is closed. What was started
 * without one, as by systemd or with nohup, can lose none. `isTerminal` tells it of a file descriptor.
 */
export function watchTerminal(
  isTerminal: (fd: number) => boolean = isatty,
  platform: NodeJS.Platform = process.platform
): WatchedTerminal {
  const atStart = [0, 1, 2].filter((fd) => isTerminal(fd))
  const wasThere = atStart.length > 0
  // Windows sends SIGHUP for nothing else, and shows the console as there meanwhile.
  const isGone = () => wasThere && (platform === 'win32' || !atStart.some((fd) => isTerminal(fd)))
  let looking: NodeJS.Timeout | undefined
  return {
    wasThere,
    isGone,
    ifItGoes: (onGone) => {
      if (!wasThere) return
      const until = performance.now() + LOOK_FOR_MS
      clearInterval(looking)
      looking = setInterval(() => {
        if (!isGone() && performance.now() < until) return
        clearInterval(looking)
        if (isGone()) onGone()
      }, LOOK_EVERY_MS).unref()
    }
  }
}
