import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { formatNumber, formatUntil } from '../../lib/format.ts'
import { keptFor } from '../../lib/keeping-words.ts'
import { canMake, isForReader, slotsOf } from './provider-lists.ts'
import { usedUpWords } from './sharing-words.ts'

/**
 * A badge's words; null where a machine serves everybody it is meant to, or nobody is meant to use it but its owner. Of what it may
 * make for others within an hour nothing is said to whom it makes none anyway.
 */
export function trustWords({ trust, services }: Pick<ProviderInfo, 'trust' | 'services'>): string | null {
  const { state, isShared, spent } = trust
  if (!isShared) return null
  switch (state) {
    case 'pending':
      return 'Waiting for approval'
    case 'limited':
      return spent && services.some(isForReader) ? `New here; ${usedUpWords(spent)}` : 'New here'
    case 'blocked':
      return 'Blocked by an admin'
    case 'closed':
      return 'Owner only'
    case 'trusted':
      return null
  }
}

/** What it means, for its owner in their own person; null where there is nothing to say. */
export function explainTrust({
  trust,
  isMine,
  services
}: Pick<ProviderInfo, 'trust' | 'isMine' | 'services'>): string | null {
  if (!trust.isShared) return null
  const own = isMine ? 'your own requests run here already' : "its owner's own requests run there already"
  // It says nothing of them while none could be made: what is to be done first stands elsewhere.
  const owner = canMake({ services }) ? `: ${own}` : ''
  switch (trust.state) {
    case 'pending':
      return `Waiting for an admin's approval${owner}.`
    case 'limited':
      return trust.given
        ? explainNew(trust.given, places(services)) + explainSpent(trust.spent, trust.given)
        : 'New here.'
    case 'blocked':
      return `An admin has stopped it from serving others${owner}.`
    case 'closed':
      return `Only the machines of admins serve others here${owner}.`
    case 'trusted':
      return null
  }
}

type Given = NonNullable<ProviderInfo['trust']['given']>

/** Images of others that it could make at a time if an admin trusted it. */
const places = (services: ProviderInfo['services']): number =>
  slotsOf(services.filter(({ access }) => access !== 'private')).all

function explainNew({ atOnce, perHour, images, timeMs }: Given, most: number): string {
  const ends = [
    images > 0 && `it has delivered ${images === 1 ? 'one of them' : `${formatNumber(images)} of them`}`,
    timeMs > 0 && `${keptFor(timeMs)} ${timeMs === 86_400_000 || timeMs === 3_600_000 ? 'has' : 'have'} passed`
  ].filter((part) => part !== false)
  // It is no limit where the machine has no more places.
  const together = atOnce < most ? `${formatNumber(atOnce)} at a time and ` : ''
  const given = `New here: of others’ images it is given ${together}${formatNumber(perHour)} an hour`
  return ends.length === 0 ? `${given}.` : `${given}, until ${ends.join(' and ')}.`
}

function explainSpent(spent: ProviderInfo['trust']['spent'], { perHour }: Given): string {
  if (!spent) return ''
  const { beingMade } = spent
  if (beingMade !== undefined) {
    const [last, fails] =
      beingMade === 1 ? ['one is', 'it fails'] : [`${formatNumber(beingMade)} are`, 'enough of them fail']
    const later = spent.until === null ? 'an hour later' : `from ${formatUntil(spent.until)} on`
    return ` The last ${last} being made: there is more when ${fails}, else ${later}, or when an admin trusts it.`
  }
  const had = perHour === 1 ? 'this one' : `these ${formatNumber(perHour)}`
  const more = spent.until === null ? 'an hour after what is being made' : `from ${formatUntil(spent.until)} on`
  return ` Others have had ${had} within the last hour: there is more ${more}, or when an admin trusts it.`
}
