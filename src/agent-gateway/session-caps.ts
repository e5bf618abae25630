import { clampCount, MAX_WORK_MS } from '../lib/bounds.ts'
import type { Cap, GatewayMessage } from '../protocol/messages.ts'
import type { ReachedCap } from '../requests/service-caps.ts'

type Capped = Extract<GatewayMessage, { type: 'provider.capped' }>
type ReachedHere = Pick<ReachedCap, 'cap' | 'images' | 'findEnd'> & { service: string }

const NAMES: Record<ReachedCap['cap'], Cap> = {
  imagesPerHour: 'images_per_hour',
  imagesPerUserHour: 'images_per_user_hour'
}

/** What an agent knows of the caps that others have reached. */
export class SessionCaps {
  /** Undefined before it was told for the first time: what ended while it was away it hears of then. */
  #told: string | undefined
  readonly #now: () => number

  /** `now`: UTC milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** What the agent is to be told; undefined when it knows which caps are reached. */
  async findNews(reached: readonly ReachedHere[]): Promise<Capped | undefined> {
    const told = JSON.stringify(reached.map(({ service, cap }) => [service, cap]))
    if (told === this.#told) return undefined
    const list: Capped['reached'] = []
    for (const { service, cap, images, findEnd } of reached) {
      const end = await findEnd()
      const forMs = end === undefined ? {} : { for_ms: clampCount(end - this.#now(), MAX_WORK_MS) }
      list.push({ service, cap: NAMES[cap], images, ...forMs })
    }
    this.#told = told
    return { type: 'provider.capped', reached: list }
  }
}
