import { pino, type Logger } from 'pino'

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
    pino.destination({ dest: 2, sync: true })
  )
}

export const silentLogger = (): Logger => pino({ level: 'silent' })
