import type { Logger } from '../lib/logger.ts'
import type { GatewayMessage, ReachedCap } from '../protocol/messages.ts'

export interface CapNotesParts {
  /** Whether there is a service of that name, as the agent is configured now. */
  hasService: (name: string) => boolean
  logger: Logger
}

/**
 * Tells the owner of a machine that others have had what they may have of it: once when that begins, with when it ends, and once
 * when it has ended. A connection that breaks off in between is no end of it. Nothing is told of a service of which others get nothing
 * for another reason, which its owner has set, or was told.
 */
export class CapNotes {
  readonly #parts: CapNotesParts
  #told = new Map<string, ReachedCap>()

  constructor(parts: CapNotesParts) {
    this.#parts = parts
  }

  hear({ reached, closed = [] }: Extract<GatewayMessage, { type: 'provider.capped' }>): void {
    const { hasService, logger } = this.#parts
    const before = this.#told
    const open = reached.filter(({ service }) => !closed.includes(service))
    this.#told = new Map(open.map((one) => [`${one.cap} ${one.service}`, one]))
    for (const [key, one] of this.#told) {
      // Another number ends at another time.
      if (before.get(key)?.images !== one.images) logger.info(beginning(one))
    }
    for (const [key, one] of before) {
      if (this.#told.has(key) || closed.includes(one.service) || !hasService(one.service)) continue
      const note = ending(
        one,
        open.find(({ service }) => service === one.service)
      )
      if (note !== undefined) logger.info(note)
    }
  }
}

function beginning({ service, cap, images, for_ms: forMs }: ReachedCap): string {
  const had = `had the ${images === 1 ? 'one image' : `${images} images`} that you let`
  if (cap === 'images_per_hour') {
    const more =
      forMs === undefined ? 'There are more an hour after what is being made.' : `More from ${timeIn(forMs)} on.`
    return `${service}: others have ${had} them have within an hour (${cap}). ${more} Your own are not counted.`
  }
  const more =
    forMs === undefined ? 'There is more an hour after what is being made.' : `The next from ${timeIn(forMs)} on.`
  return `${service}: somebody has ${had} each person have within an hour (${cap}). ${more}`
}

/** `left`: another cap of the same service, that is reached still. Undefined where nobody gets anything by the end of this one. */
function ending({ service, cap }: ReachedCap, left: ReachedCap | undefined): string | undefined {
  if (left?.cap === 'images_per_hour') return undefined
  const who = left
    ? 'others who have not had theirs'
    : cap === 'images_per_hour'
      ? 'others'
      : 'everybody whom it serves'
  return `${service}: ${who} may have images again (${cap}).`
}

/** The minute in which that passes, by the clock of this machine as its owner reads it: `14:05`, as the pages tell it. */
const timeIn = (ms: number): string => new Date(Date.now() + ms).toTimeString().slice(0, 5)
