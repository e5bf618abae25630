import { type DestinationStream, pino, type Logger } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** One JSON object per line on standard error. Prompts, image bytes, keys and tokens are never passed to it. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['*.authorization', '*.api_key', '*.token', '*.prompt'], censor: '[redacted]' }
    },
    escaping(pino.destination({ dest: 2, sync: true }))
  )
}

/**
 * Lines hold texts of others, and somebody reads them on a terminal: JSON leaves marks that turn the direction of writing
 * and some control characters as they are. Escaped they are the same JSON.
 */
const escaping = (destination: DestinationStream): DestinationStream => ({
  write: (line) => destination.write(escapeMarks(line))
})

export const escapeMarks = (line: string): string =>
  line.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`
  )

export const silentLogger = (): Logger => pino({ level: 'silent' })
