import type { Limits } from '../config/config.ts'
import type { WaitReason } from '../lib/wait-reasons.ts'
import { KNOWN_FOR_MS } from '../providers/offers.ts'
import type { Offer } from '../providers/offers-store.ts'
import { isFirstLook, isPaused, type Pause } from '../providers/pause-store.ts'
import type { RequestParts } from './request-parts.ts'
import { servicesFor } from './services-for.ts'
import type { TaskRow } from './task-store.ts'
import type { Unbegun } from './unbegun.ts'

/** Why nobody in service may make an image, and the ids of the providers that could, as far as whoever asked may hear of them. */
interface Unserved extends Unbegun {
  reason: Extract<WaitReason, 'drained' | 'away' | 'approval' | 'not_served'>
}

const REASONS_OF_PAUSES: Readonly<Record<string, WaitReason>> = {
  busy: 'paused',
  model_missing: 'missing',
  first_look: 'looking'
}

/** Why an image waits for a service with this pause. */
export const reasonOfPause = ({ reason }: Pick<Pause, 'reason'>): WaitReason => REASONS_OF_PAUSES[reason] ?? 'unusable'

/**
 * Of several reasons the one with the lowest rank is told: `unusable` after everything else, for it is told when all image servers
 * are, and `missing` after that: a server that was down may be back by itself.
 */
export const rankOf = (reason: WaitReason): number => (reason === 'missing' ? 2 : reason === 'unusable' ? 1 : 0)

/**
 * When a waiting task fails that nobody could begin until then, UTC milliseconds: when it has waited for `limits.noProviderTimeout`, the
 * gateway has been there for as long, and each of the services online that could take it has been left alone for as long. Undefined while
 * one of them is not left alone.
 */
export function givesUpAt(
  task: Pick<TaskRow, 'queued_at'>,
  could: readonly Pick<Offer, 'pause'>[],
  { now, limits, openedAt }: { now: number; limits: Pick<Limits, 'noProviderTimeoutMs'>; openedAt: number }
): number | undefined {
  if (!could.every((offer) => isPaused(offer, now) && !isFirstLook(offer, now))) return undefined
  const since = could.map(({ pause }) => pause?.since ?? now)
  return Math.max(task.queued_at, openedAt, ...since) + limits.noProviderTimeoutMs
}

/** Why nobody who is online and not drained may make these tasks, all of them for `model`, by their ids. */
export async function whyUnserved(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { model, tasks, now }: { model: string; tasks: readonly TaskRow[]; now: number }
): Promise<Map<string, Unserved>> {
  const online = await providers.listOffers({ seenSince: now, model, drained: true })
  const inService = new Set((await providers.listOffers({ seenSince: now, model })).map(({ serviceId }) => serviceId))
  const known = await providers.listOffers({ seenSince: now - KNOWN_FOR_MS, model, drained: true })
  const servedBy = (offers: readonly Offer[]) => servicesFor(database.db, { tasks, offers })
  // Those in service that could take it have done so in vain.
  const drained = await servedBy(online.filter(({ serviceId }) => !inService.has(serviceId)))
  const away = await servedBy(known)
  const unapproved = await servedBy(online.map((offer) => ({ ...offer, reach: 'all' as const })))
  // Private services are nobody's business.
  const others = known.filter(({ access, reach }) => access !== 'private' && reach !== 'owner')
  const unserving = await servedBy(others.map((offer) => ({ ...offer, access: 'members' as const, hasBlocks: false })))
  const providerOf = new Map([...online, ...known].map(({ serviceId, providerId }) => [serviceId, providerId]))
  const has = (services: ReadonlyMap<string, readonly string[]>, id: string) => (services.get(id) ?? []).length > 0
  const at = (services: ReadonlyMap<string, readonly string[]>, id: string) =>
    (services.get(id) ?? []).flatMap((service) => providerOf.get(service) ?? [])
  const unservedOf = (id: string): Unserved => {
    if (has(drained, id)) return { reason: 'drained', machines: at(drained, id) }
    if (has(away, id)) return { reason: 'away', machines: at(away, id) }
    // Where somebody is not served, or not yet, nobody is named.
    if (has(unapproved, id)) return { reason: 'approval', machines: [] }
    return { reason: has(unserving, id) ? 'not_served' : 'away', machines: [] }
  }
  return new Map(tasks.map(({ id }) => [id, unservedOf(id)]))
}
