import { type DestinationStream, pino, type Logger } from 'pino'
import { gatherLines } from './gather-lines.ts'
import { plainLine } from './plain-log.ts'

export type { Logger }

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
/** Bytes that are kept of what could not be written, for when it can be again; what comes beyond is dropped. */
const MOST_UNWRITTEN = 1_000_000

export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Lines on standard error: text for people where that is a terminal, with what is said of several services in one line, else one
 * JSON object for each thing that happens. Prompts, image bytes, keys and tokens are never passed to it.
 */
export function createLogger(level: LogLevel): Logger {
  const stderr = pino.destination({ dest: 2, sync: true, maxLength: MOST_UNWRITTEN })
  // A terminal that was closed takes no more lines, nor does a disk that is full: what is in hand goes on.
  stderr.on('error', () => undefined)
  // Tries once what it has kept: `flushSync` would try until it can be written, and nothing else would go on.
  stderr.on('drop', () => stderr.write(''))
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['*.authorization', '*.api_key', '*.token', '*.prompt'], censor: '[redacted]' }
    },
    process.stderr.isTTY ? plain(stderr) : escaping(stderr)
  )
}

/**
 * Lines hold texts of others, and somebody reads them on a terminal: JSON leaves marks that turn the direction of writing
 * and some control characters as they are. Escaped they are the same JSON.
 */
const escaping = (destination: DestinationStream): DestinationStream => ({
  write: (line) => destination.write(escapeMarks(line))
})

const plain = (destination: DestinationStream): DestinationStream => {
  const lines = gatherLines((line) => destination.write(plainLine(line, process.stderr)))
  process.on('exit', lines.flush)
  return lines
}

export const escapeMarks = (line: string): string =>
  line.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`
  )

export const silentLogger = (): Logger => pino({ level: 'silent' })
