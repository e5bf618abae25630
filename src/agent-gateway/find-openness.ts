import type { Paused } from '../providers/provider-state-store.ts'
import type { ServiceSharing } from '../providers/service-terms-store.ts'
import type { Standing } from '../providers/trust-policy.ts'
import type { ReachedCap } from '../requests/service-caps.ts'

/** What others get of the services of a provider, as far as their owner and admins decide it. */
export interface Openness {
  /** Its owner offers anything of it to others. */
  isShared: boolean
  /** Names of services of which others get nothing, whatever they had: they are their owner's alone, paused, or not let in. */
  closed: string[]
  /** The others. */
  open: string[]
  /** Those of them of which others have not had all that their owner lets them have. */
  available: string[]
}

const SERVING_OTHERS: readonly (Standing | undefined)[] = ['limited', 'trusted']

/** `reached`: caps of their owner that others have reached. */
export function findOpenness(
  services: readonly ServiceSharing[],
  {
    standing,
    paused,
    reached
  }: {
    standing: Standing | undefined
    paused: Paused
    reached: readonly (Pick<ReachedCap, 'cap'> & { service: string })[]
  }
): Openness {
  const isShut = !SERVING_OTHERS.includes(standing) || paused.all
  const isClosed = ({ name, isPrivate }: ServiceSharing) => isShut || isPrivate || paused.services.includes(name)
  const namesOf = (some: readonly ServiceSharing[]) => some.map(({ name }) => name)
  const open = namesOf(services.filter((one) => !isClosed(one)))
  const had = reached.filter(({ cap }) => cap === 'imagesPerHour').map(({ service }) => service)
  return {
    isShared: services.some(({ isPrivate }) => !isPrivate),
    closed: namesOf(services.filter(isClosed)),
    open,
    available: open.filter((name) => !had.includes(name))
  }
}

/** When the first of these services may make images for others again, UTC milliseconds; undefined as of `CapEnds`. */
export async function findFirstEnd(
  reached: readonly (Pick<ReachedCap, 'cap' | 'findEnd'> & { service: string })[],
  names: readonly string[]
): Promise<number | undefined> {
  const caps = reached.filter(({ cap, service }) => cap === 'imagesPerHour' && names.includes(service))
  const ends: number[] = []
  for (const { findEnd } of caps) {
    const end = await findEnd()
    if (end !== undefined) ends.push(end)
  }
  return ends.length === 0 ? undefined : Math.min(...ends)
}
