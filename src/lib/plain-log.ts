import { styleText } from 'node:util'
import { cleanText } from './clean-text.ts'
import { sentenceOf } from './gather-lines.ts'

/** What pino writes of every line, as opposed to what is told in it. */
const USUAL = ['level', 'time', 'msg', 'err']
/** What is of use to whoever searches through logs, and to nobody who reads along. */
const FOR_SEARCHES = ['attempt', 'fault']
/** Left out where the line begins with it. */
const SUBJECT = 'service'
const MAX_DETAIL_CHARS = 300

/**
 * One line of the log, as pino writes it, for somebody who reads it on a terminal: the time of day, what happened and its
 * details, and of an error its stack. Texts of others do nothing to the terminal. Colours follow the usual variables
 * (`NO_COLOR`, …) and `stream`; without one there are none.
 */
export function plainLine(json: string, stream?: NodeJS.WriteStream): string {
  const line = JSON.parse(json) as Record<string, unknown>
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    stream && text !== '' ? styleText(format, text, { stream }) : text
  const { level, time, msg, err } = line
  const untold = [...USUAL, ...FOR_SEARCHES, ...(sentenceOf(line) === undefined ? [] : [SUBJECT])]
  const details = Object.entries(line)
    .filter(([name, value]) => !untold.includes(name) && value !== undefined)
    .map(([name, value]) => `${cleanText(name, 50)}: ${cleanText(shown(value), MAX_DETAIL_CHARS)}`)
  const word = level === 'warn' ? 'warning: ' : ['error', 'fatal'].includes(String(level)) ? 'error: ' : ''
  const what = cleanText(shown(msg ?? ''))
  const about = details.length === 0 ? '' : ` (${details.join(', ')})`
  return [
    style('dim', timeOfDay(String(time))),
    ' ',
    style(level === 'warn' ? 'yellow' : 'red', word),
    what,
    style('dim', about),
    '\n',
    ...stackOf(err).map((frame) => `  ${cleanText(frame)}\n`)
  ].join('')
}

/** Of this machine's own zone, as whoever looks at it has it on the wall. */
function timeOfDay(iso: string): string {
  const time = new Date(iso)
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.length > 0 ? value.map(shown).join(', ') : 'none'
  return JSON.stringify(value)
}

function stackOf(error: unknown): string[] {
  const { stack, message } = (error ?? {}) as { stack?: unknown; message?: unknown }
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : ''
  return text === '' ? [] : text.split('\n')
}
