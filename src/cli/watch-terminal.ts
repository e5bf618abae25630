import { isatty } from 'node:tty'

export interface WatchedTerminal {
  /** Whether this process was started in one. */
  readonly wasThere: boolean
  /** Whether that has gone since, asked when a SIGHUP has come. */
  isGone(): boolean
}

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
  return {
    wasThere,
    // Windows sends SIGHUP for nothing else, and shows the console as there meanwhile.
    isGone: () => wasThere && (platform === 'win32' || !atStart.some((fd) => isTerminal(fd)))
  }
}
