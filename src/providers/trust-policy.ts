import type { OfferingConfig } from '../config/config.ts'
import type { Trust } from '../db/provider-tables.ts'
import type { Role } from '../lib/principal.ts'

/** Whom a provider makes images for: its owner alone, a few of others' besides, or all. */
export type Reach = 'owner' | 'few' | 'all'

/** How a provider stands at this moment; `closed`: only admins may offer, and its owner is none. */
export type Standing = Trust | 'closed'

/**
 * How a provider stands. Those of admins are trusted unless one is blocked, and where only admins may offer, those of others
 * serve their owners alone, whatever they were.
 */
export function standingOf(
  { trust, ownerRole }: { trust: Trust; ownerRole: string },
  mode: OfferingConfig['providers']
): Standing {
  if (trust === 'blocked') return 'blocked'
  if (ownerRole === 'admin') return 'trusted'
  return mode === 'admins' ? 'closed' : trust
}

/** Whom a provider may serve. Its owner always; others as far as it is trusted. */
export function reachOf(provider: { trust: Trust; ownerRole: string }, mode: OfferingConfig['providers']): Reach {
  const standing = standingOf(provider, mode)
  if (standing === 'trusted') return 'all'
  return standing === 'limited' ? 'few' : 'owner'
}

/**
 * How a provider begins that connects for the first time. `contested`: it offers a model that others serve, so that it would
 * get what is meant for them.
 */
export function firstTrust(newcomer: {
  mode: OfferingConfig['providers']
  ownerRole: Role
  /** People of the club who may get in. */
  people: number
  contested: boolean
}): Trust {
  const { mode, ownerRole, people, contested } = newcomer
  if (ownerRole === 'admin') return 'trusted'
  const isOpen = mode === 'open' || (mode === 'auto' && people <= 1)
  return isOpen && !contested ? 'limited' : 'pending'
}

/** What a new provider had of others' work. */
export interface WorkForOthers {
  running: number
  /** Images that it delivered within an hour: what failed is its owner's to mend, not theirs to pay for. */
  withinHour: number
}

/** How many images of others a new provider may be given now; 0 is none. */
export const placesForOthers = (
  { running, withinHour }: WorkForOthers,
  rules: Pick<OfferingConfig, 'newProviderAtOnce' | 'newProviderPerHour'>
): number => Math.max(0, Math.min(rules.newProviderAtOnce - running, rules.newProviderPerHour - withinHour - running))
