import type { HeldReady } from '../dispatch/match-tasks.ts'

/** One attempt as a session sees it: it holds a place of a service until the agent is really done with it. */
export interface HeldSlot {
  requestId: string
  userId: string
  position: number
  serviceId: string
  model: string
  /** There while it is held ready and has not begun. */
  standby?: Pick<HeldReady, 'class' | 'isShare'> & {
    /** It lies in the queue of its image server, and is nobody else's. */
    isAhead?: boolean
  }
  /** The agent was told to stop; the slot is free when it confirms. */
  stopping: boolean
  /** When the engine reported its first step. */
  firstStepAt?: number
  forget: () => void
}

/** A service whose agent let go of what it was to hold ready is given nothing more of that for so long. */
const NO_STANDBY_FOR_MS = 5000

/** How many images a service makes at once, and how many more it holds ready. */
interface Places {
  id: string
  declaration: { concurrency: number; prefetch?: number }
}

/** What a service has to give. */
interface FreePlaces {
  free: number
  running: number
  standby: number
  held: HeldReady[]
  /** Whether any image could come of it. */
  isOpen: boolean
}

/** What the agent of a session has been given, by attempt. */
export class HeldSlots extends Map<string, HeldSlot> {
  /** By service, until when it is given nothing to hold ready, by `performance.now()`. */
  readonly #noStandbyUntil = new Map<string, number>()

  /** Attempts that stand by, and have not begun, first those given first. */
  standingBy(serviceId?: string): string[] {
    const ids: string[] = []
    for (const [id, { standby, stopping, serviceId: of }] of this) {
      if (standby && !stopping && (serviceId === undefined || of === serviceId)) ids.push(id)
    }
    return ids
  }

  /** Those of them that nobody may have begun. */
  unbegun(): string[] {
    return this.standingBy().filter((id) => this.get(id)?.standby?.isAhead !== true)
  }

  /** Attempts that run and of which no step was told. */
  silent(): string[] {
    return [...this].flatMap(([id, { standby, stopping, firstStepAt }]) =>
      standby || stopping || firstStepAt !== undefined ? [] : [id]
    )
  }

  /** What a service has free. What is on its way from the agent holds its place, while the next may have begun already. */
  placesOf({ id, declaration: { concurrency, prefetch = 0 } }: Places, ownerId: string): FreePlaces {
    let all = 0
    let running = 0
    const held: HeldReady[] = []
    for (const [attemptId, { serviceId, userId, standby, stopping }] of this) {
      if (serviceId !== id) continue
      all += 1
      if (!standby) running += 1
      else if (!stopping && !standby.isAhead) {
        held.push({ attemptId, userId, class: standby.class, isShare: standby.isShare })
      }
    }
    const free = Math.max(0, concurrency - running)
    const isRefusing = performance.now() < (this.#noStandbyUntil.get(id) ?? -Infinity)
    const standby = isRefusing ? 0 : Math.max(0, concurrency + prefetch - all - free)
    const isOpen = free > 0 || standby > 0 || held.some((one) => mayBeReplaced(one, ownerId))
    return { free, running, standby, held, isOpen }
  }

  /** Whether the agent has let go of what it was to hold ready, unasked: it is left alone with that for a while. */
  noteRefused(attemptId: string): boolean {
    const slot = this.get(attemptId)
    if (!slot?.standby || slot.stopping) return false
    // What lay there was not refused.
    if (!slot.standby.isAhead) this.#noStandbyUntil.set(slot.serviceId, performance.now() + NO_STANDBY_FOR_MS)
    return true
  }

  /** As much of what stands by as there are places for now. */
  startable({ id, declaration: { concurrency } }: Places): string[] {
    const waiting = this.standingBy(id)
    if (waiting.length === 0) return waiting
    let running = 0
    for (const { serviceId, standby } of this.values()) if (serviceId === id && !standby) running += 1
    return waiting.slice(0, Math.max(0, concurrency - running))
  }
}

/** Whether anything could go before it (`findReplaced`). */
const mayBeReplaced = ({ userId, class: taskClass, isShare }: HeldReady, ownerId: string): boolean =>
  userId !== ownerId || (taskClass > 0 && !isShare)
