import type { ApiKeys } from '../auth/api-keys.ts'
import type { Bell } from '../db/bell.ts'
import { setImmediate } from 'node:timers/promises'
import { startLoop } from '../lib/async.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { CLOSE_CODES } from '../protocol/messages.ts'
import type { ServiceInventory } from '../protocol/service-inventory.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import type { ServiceFinds, UsableLoras } from '../providers/service-finds-store.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import type { AgentSession } from './agent-session.ts'
import { createProgressEstimates } from './estimate-progress.ts'
import { heartbeatMs } from './agent-socket.ts'
import { findFirstEnd, findOpenness } from './find-openness.ts'
import { isSpentNow } from './session-notes.ts'
import type { SessionRegistry } from './session-registry.ts'

const WRITE_PROGRESS_EVERY_MS = 1000

export interface KeepSessionsParts {
  registry: SessionRegistry
  requests: Pick<
    RequestLifecycle,
    'renewConnections' | 'noteProgress' | 'listExpectedTimes' | 'disconnectAgent' | 'findReachedCaps' | 'findRations'
  >
  providers: Pick<
    ProviderStore,
    | 'noteCondition'
    | 'noteFinds'
    | 'noteLoaded'
    | 'noteOffered'
    | 'noteWarmed'
    | 'listStandings'
    | 'listPaused'
    | 'listSharing'
    | 'listWishes'
    | 'listWarmWishes'
  >
  apiKeys: ApiKeys
  bell: Bell
  clock: Clock
  leaseMs: number
  logger: Logger
}

export interface SessionKeeper {
  /** Renews all leases now, with what has come from agents until this moment. */
  renew(): Promise<void>
  close(): Promise<void>
}

/**
 * While sessions live: renews their leases, writes their progress, estimates it where none is told, tells their agents how they stand with others, what is paused, what
 * their owners wish and which of their caps are reached, and ends those whose key no longer counts.
 */
export function keepSessions(parts: KeepSessionsParts): SessionKeeper {
  const onError = (error: unknown) =>
    parts.logger.error({ err: error }, 'keeping agent sessions failed; it is tried again')
  const renewing = startLoop({
    everyMs: heartbeatMs(parts.leaseMs),
    work: async () => {
      await endUnauthorized(parts)
      await renew(parts)
    },
    onError
  })
  const estimates = createProgressEstimates({ ...parts, sessions: () => parts.registry.sessions() })
  const saving = startLoop({
    everyMs: WRITE_PROGRESS_EVERY_MS,
    work: async () => {
      await save(parts)
      await estimates.tell()
    },
    onError
  })
  const telling = startLoop({ everyMs: heartbeatMs(parts.leaseMs), work: () => tellStandings(parts), onError })
  const deaf = [
    parts.bell.on('keys', renewing.wake),
    parts.bell.on('providers', telling.wake),
    parts.bell.on('settings', telling.wake),
    // A session rings for what its agent has told; of what changes later there is a round a second.
    parts.bell.on('tasks', (hint) => {
      if (hint === undefined && parts.registry.sessions().some((session) => session.hasFirstStates)) saving.wake()
    })
  ]
  return {
    renew: async () => {
      // What waits in the sockets since this process was held up is read first.
      await setImmediate()
      await renew(parts)
    },
    close: async () => {
      for (const forget of deaf) forget()
      await Promise.all([renewing.close(), saving.close(), telling.close()])
    }
  }
}

async function renew({ registry, requests }: KeepSessionsParts): Promise<void> {
  const sessions = registry.sessions()
  if (sessions.length === 0) return
  const heldBefore = new Map(sessions.map((session) => [session, session.heldAttempts()]))
  const running = await requests.renewConnections(sessions)
  for (const [session, held] of heldBefore) {
    const alive = running.get(session.providerId)
    if (!alive) session.close(CLOSE_CODES.replaced, 'a newer connection of this provider took over')
    for (const id of held) if (alive && !alive.has(id)) await session.check(id)
  }
}

async function endUnauthorized({ registry, apiKeys, requests, logger }: KeepSessionsParts): Promise<void> {
  for (const session of registry.sessions()) {
    const end = await apiKeys.findEnd(session.principal.keyId)
    if (end === undefined) continue
    registry.remove(session)
    session.close(CLOSE_CODES.unauthorized, end)
    await requests.disconnectAgent(session, { voided: true })
    logger.info({ provider: session.providerId, name: session.name }, 'agent disconnected: its key no longer counts')
  }
}

async function tellStandings({ registry, providers, requests, clock }: KeepSessionsParts): Promise<void> {
  const sessions = registry.sessions()
  if (sessions.length === 0) return
  const ids = sessions.map(({ providerId }) => providerId)
  const standings = await providers.listStandings(ids)
  const paused = await providers.listPaused(ids)
  const wishes = await providers.listWishes(ids)
  const warms = await providers.listWarmWishes(ids)
  const sharing = await providers.listSharing(ids)
  const fresh = sessions.filter(({ providerId }) => standings.get(providerId) === 'limited')
  const rations = await requests.findRations(
    fresh.map(({ providerId, principal }) => ({ providerId, ownerId: principal.userId }))
  )
  const reached = await requests.findReachedCaps(ids)
  for (const session of sessions) {
    const { providerId: id } = session
    const ration = rations.get(id)
    const known = {
      standing: standings.get(id),
      paused: paused.get(id) ?? { all: false, services: [] },
      reached: reached.get(id) ?? []
    }
    const openness = findOpenness(sharing.get(id) ?? [], known)
    const findCapsEnd = () => findFirstEnd(known.reached, openness.open)
    for (const news of await session.notes.findNews({ ...known, openness, ration, findCapsEnd, now: clock.now() })) {
      if (session.hears(news.type)) session.send(news)
    }
    session.noteWishes(wishes.get(id) ?? [])
    session.noteWarms(warms.get(id) ?? [])
    if (!session.hears('provider.capped')) continue
    const closed = isSpentNow(ration) ? [...openness.closed, ...openness.open] : openness.closed
    const news = await session.caps.findNews(known.reached, closed)
    if (news) session.send(news)
  }
}

async function save(parts: KeepSessionsParts): Promise<void> {
  await saveProgress(parts)
  await saveStates(parts)
  await saveInventories(parts)
  await saveOffers(parts)
  await saveLoaded(parts)
  await saveWarms(parts)
}

/** However often an agent changes its mind, a service is written once a round. */
async function saveStates({ registry, providers, bell }: KeepSessionsParts): Promise<void> {
  for (const session of registry.sessions()) {
    const states = [...session.unsavedStates]
    session.unsavedStates.clear()
    session.hasFirstStates = false
    const { providerId } = session
    for (const [serviceId, condition] of states) await providers.noteCondition({ providerId, serviceId }, condition)
    // What waited for a service may begin, or has to wait.
    if (states.length > 0) bell.ring('tasks')
  }
}

async function saveInventories({ registry, providers, bell }: KeepSessionsParts): Promise<void> {
  for (const session of registry.sessions()) {
    const inventories = [...session.unsavedInventories]
    session.unsavedInventories.clear()
    for (const [serviceId, inventory] of inventories) {
      await providers.noteFinds(session, { serviceId, ...findsOf(inventory) })
    }
    // Images that name a LoRA of it may wait.
    if (inventories.length > 0) bell.ring('tasks')
  }
}

async function saveOffers({ registry, providers, bell }: KeepSessionsParts): Promise<void> {
  for (const session of registry.sessions()) {
    const answers = [...session.offers.unsaved]
    for (const [serviceId, said] of answers) {
      session.offers.saved(serviceId, said, await providers.noteOffered(session, { serviceId, ...said }))
    }
    // Images of a model that is offered now may wait.
    if (answers.length > 0) bell.ring('tasks')
  }
}

async function saveLoaded({ registry, providers }: KeepSessionsParts): Promise<void> {
  for (const session of registry.sessions()) {
    const loaded = [...session.loaded.unsaved]
    session.loaded.unsaved.clear()
    for (const [serviceId, models] of loaded) await providers.noteLoaded(session, { serviceId, models: [...models] })
  }
}

async function saveWarms({ registry, providers }: KeepSessionsParts): Promise<void> {
  for (const session of registry.sessions()) {
    for (const [wish, answer] of [...session.warms.unsaved]) {
      await providers.noteWarmed(session, answer)
      if (session.warms.unsaved.get(wish) === answer) session.warms.unsaved.delete(wish)
    }
  }
}

const findsOf = (told: ServiceInventory): { finds: ServiceFinds; loras: UsableLoras[] } => ({
  finds: {
    models: told.models.map(({ incomplete, ...same }) => ({
      ...same,
      ...(incomplete === true && { isIncomplete: true })
    })),
    loras: told.loras,
    moreModels: told.more_models,
    moreLoras: told.more_loras,
    ...(told.may_offer === true && { mayOffer: true }),
    ...(told.memory && { memory: told.memory })
  },
  loras: told.usable_loras
})

async function saveProgress({ registry, requests }: KeepSessionsParts): Promise<void> {
  const progress = new Map(registry.sessions().flatMap((session: AgentSession) => [...session.unsavedProgress]))
  if (progress.size === 0) return
  for (const session of registry.sessions()) session.unsavedProgress.clear()
  await requests.noteProgress(progress)
}
