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
  #told: Capped | undefined
  readonly #now: () => number

  /** `now`: UTC milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * What the agent is to be told; undefined when it knows which caps are reached. `closed`: services of which others get nothing
   * for another reason. To an agent that does not know the word nothing begins or ends with their caps meanwhile.
   */
  async findNews(reached: readonly ReachedHere[], closed: readonly string[]): Promise<Capped | undefined> {
    const isClosed = ({ service }: { service: string }) => closed.includes(service)
    const kept = (this.#told?.reached ?? []).filter(isClosed)
    const open = reached.filter((one) => !isClosed(one))
    const withoutEnds = open.map(({ service, cap, images }) => ({ service, cap: NAMES[cap], images }))
    if (this.#told && keyOf([...kept, ...withoutEnds], closed) === keyOf(this.#told.reached, this.#told.closed))
      return undefined
    const list: Capped['reached'] = [...kept]
    for (const { service, cap, images, findEnd } of open) {
      const end = await findEnd()
      const forMs = end === undefined ? {} : { for_ms: clampCount(end - this.#now(), MAX_WORK_MS) }
      list.push({ service, cap: NAMES[cap], images, ...forMs })
    }
    this.#told = { type: 'provider.capped', reached: list, ...(closed.length > 0 && { closed: [...closed] }) }
    return this.#told
  }
}

const keyOf = (reached: Capped['reached'], closed: readonly string[] = []): string =>
  JSON.stringify([reached.map(({ service, cap, images }) => `${service} ${cap} ${images}`).toSorted(), closed])
