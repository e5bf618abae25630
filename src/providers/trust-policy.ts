import type { OfferingConfig } from '../config/config.ts'
import type { Trust } from '../db/tables.ts'
import type { Role } from '../lib/principal.ts'

/** Whom a provider makes images for: its owner alone, a few of others' besides, or all. */
export type Reach = 'owner' | 'few' | 'all'

/**
 * Whom a provider may serve. Its owner always; others as far as it is trusted. Providers of admins are trusted unless one is
 * blocked, and where only admins may offer, those of others serve their owners alone, whatever they were.
 */
export function reachOf(
  { trust, ownerRole }: { trust: Trust; ownerRole: string },
  mode: OfferingConfig['providers']
): Reach {
  if (trust === 'blocked') return 'owner'
  if (ownerRole === 'admin') return 'all'
  if (mode === 'admins' || trust === 'pending') return 'owner'
  return trust === 'limited' ? 'few' : 'all'
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
  /** Attempts that ended within an hour, whichever way. */
  withinHour: number
}

/** How many images of others a new provider may be given now; 0 is none. */
export const placesForOthers = (
  { running, withinHour }: WorkForOthers,
  rules: Pick<OfferingConfig, 'newProviderAtOnce' | 'newProviderPerHour'>
): number => Math.max(0, Math.min(rules.newProviderAtOnce - running, rules.newProviderPerHour - withinHour - running))
