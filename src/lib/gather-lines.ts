/** How long a line about a service waits for others that say the same, milliseconds. */
const WAIT_MS = 500
/** So many services one line names at most; the next begins another line. */
const MOST_NAMED = 10
/** So many different lines wait at once; one more, and all are written. */
const MOST_WAITING = 100
/** What tells lines apart that say the same. */
const OF_ONE = ['time', 'service', 'attempt', 'msg']

const LIST = new Intl.ListFormat('en-GB')

export interface GatheredLines {
  write(line: string): void
  /** Writes now what waits. */
  flush(): void
}

/** Lines that say the same, so far. */
interface Gathered {
  /** The first, as it was written and read. */
  line: string
  fields: Record<string, unknown>
  sentence: string
  services: Set<string>
  count: number
  timer: NodeJS.Timeout
}

/**
 * Between a log in JSON and a terminal: lines of half a second that say the same of several services, or several times, are written as
 * one, which names them and tells how often, for one fault of an image server concerns all that is made there. Such lines
 * have `service`, and begin with it and a colon. Any other is written at once, after all that waits: the order stays.
 */
export function gatherLines(write: (line: string) => void): GatheredLines {
  const waiting = new Map<string, Gathered>()

  const end = (key: string) => {
    const gathered = waiting.get(key)
    if (!gathered) return
    waiting.delete(key)
    clearTimeout(gathered.timer)
    write(asOneLine(gathered))
  }
  const flush = () => [...waiting.keys()].forEach(end)

  return {
    flush,
    write: (line) => {
      const fields = JSON.parse(line) as Record<string, unknown>
      const { service } = fields
      const sentence = sentenceOf(fields)
      if (typeof service !== 'string' || sentence === undefined) {
        flush()
        return write(line)
      }
      const same = Object.entries(fields).filter(([name]) => !OF_ONE.includes(name))
      const key = JSON.stringify([sentence, same])
      const known = waiting.get(key)
      if (known) {
        known.services.add(service)
        known.count += 1
      } else {
        if (waiting.size >= MOST_WAITING) flush()
        const timer = setTimeout(() => end(key), WAIT_MS)
        // A process that has nothing else to do ends, and has them written then.
        timer.unref()
        waiting.set(key, { line, fields, sentence, services: new Set([service]), count: 1, timer })
      }
      if (known?.services.size === MOST_NAMED) end(key)
    }
  }
}

/** What a line says of the service that it begins with; undefined when it does not begin so. */
export function sentenceOf({ service, msg }: Record<string, unknown>): string | undefined {
  if (typeof service !== 'string' || typeof msg !== 'string') return undefined
  return msg.startsWith(`${service}: `) ? msg.slice(service.length + 2) : undefined
}

function asOneLine({ line, fields, sentence, services, count }: Gathered): string {
  if (count === 1) return line
  const times = count > services.size ? ` (${count} times)` : ''
  const msg = `${LIST.format(services)}: ${sentence}${times}`
  return JSON.stringify({ ...fields, service: LIST.format(services), msg })
}
