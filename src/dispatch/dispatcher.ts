import { setImmediate } from 'node:timers/promises'
import { type Loop, startLoop } from '../lib/async.ts'
import type { Database } from '../db/database.ts'
import { canDo, type Feature } from '../images/image-request.ts'
import type { Logger } from '../lib/logger.ts'
import { isPaused } from '../providers/pause-store.ts'
import type { Offer, ProviderStore } from '../providers/provider-store.ts'
import type { Requests } from '../requests/requests.ts'
import { type Capped, cappedUsers } from '../requests/service-caps.ts'
import { servicesFor } from '../requests/services-for.ts'
import { listRunnable, listWaitingModels } from '../requests/runnable-store.ts'
import { secondOpinions } from '../requests/retry-policy.ts'
import { type Failures, listFailures, type TaskRow } from '../requests/task-store.ts'
import { classOfTurn } from './class-turn.ts'
import { type FreeSlots, matchTasks, type WaitingTask } from './match-tasks.ts'
import type { ServiceSlots, SlotSource } from './slot-source.ts'

/** How often it looks by itself, in case a bell was lost. */
const LOOK_EVERY_MS = 1000
/** Heads read per service and model: enough to see several users at the front of the queue. */
const HEADS = 32
/** Models looked at in one go; a club rarely has more that anybody waits for. */
const MODELS_AT_ONCE = 16
/** Services whose queues are read without a pause. */
const SERVICES_AT_ONCE = 8

export interface DispatcherParts {
  database: Database
  requests: Pick<Requests, 'claim'>
  providers: ProviderStore
  slots: SlotSource
  logger: Logger
}

/** Keeps the free slots of the agents connected to this process busy. */
export function startDispatcher(parts: DispatcherParts): Loop {
  const state = { turn: 0, lastServed: new Map<string, number>(), served: 0, lookedAt: '' }
  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      while (await dispatchRound(parts, state)) {
        state.turn += 1
        // SQLite answers at once: without a pause nobody else would be heard while many slots are filled.
        await setImmediate()
      }
    },
    onError: (error) => parts.logger.error({ err: error }, 'dispatch failed; it is tried again')
  })
  const forget = parts.database.bell.on('tasks', loop.wake)
  return {
    wake: loop.wake,
    close: async () => {
      forget()
      await loop.close()
    }
  }
}

interface DispatchState {
  turn: number
  lastServed: Map<string, number>
  served: number
  /** The last model of those that were looked at together: the next look begins behind it. */
  lookedAt: string
}

/**
 * One round; true when something was handed out. Only models that somebody waits for and that a free service has are
 * looked at, so that the cost of a round does not grow with what agents declare, and without any there is none.
 */
async function dispatchRound(parts: DispatcherParts, state: DispatchState): Promise<boolean> {
  const connected = parts.slots.freeServices()
  if (connected.length === 0) return false
  const waiting = await listWaitingModels(parts.database.db)
  const wanted = waiting.filter((model) => connected.some(({ models }) => models.has(model)))
  for (const models of groupsOf(wanted, state.lookedAt)) {
    state.lookedAt = models.at(-1) ?? ''
    if (await dispatchModels(parts, { state, models })) return true
    if (wanted.length > MODELS_AT_ONCE) await setImmediate()
  }
  return false
}

/** All of these models, some at a time, beginning behind one of them: each gets its turn. */
function groupsOf(models: readonly string[], after: string): string[][] {
  const turned = [...models.filter((model) => model > after), ...models.filter((model) => model <= after)]
  return Array.from({ length: Math.ceil(turned.length / MODELS_AT_ONCE) }, (_, index) =>
    turned.slice(index * MODELS_AT_ONCE, (index + 1) * MODELS_AT_ONCE)
  )
}

/**
 * When the class whose turn it is has nothing that can start now, every class may: a task that waits for a busy service
 * must not keep the free ones idle.
 */
async function dispatchModels(
  parts: DispatcherParts,
  { state, models }: { state: DispatchState; models: readonly string[] }
): Promise<boolean> {
  const first = classOfTurn(state.turn)
  if (await dispatchFrom(parts, { state, models, fromClass: first })) return true
  return first > 0 && dispatchFrom(parts, { state, models, fromClass: 0 })
}

/** One look at the tasks for these models of this class and the less urgent ones, and at the free slots. */
async function dispatchFrom(
  parts: DispatcherParts,
  { state, models, fromClass }: { state: DispatchState; models: readonly string[]; fromClass: number }
): Promise<boolean> {
  const now = parts.database.clock.now()
  const known = await parts.providers.listOffers({ seenSince: now, models })
  const offers = known.filter((offer) => !isPaused(offer, now))
  const services = whatIsOffered(parts.slots.freeServices(), offers)
  const capped = await cappedOf(parts, { services, offers, now })
  const rows = await runnableTasks(parts, { services, models, capped, fromClass })
  if (rows.size === 0) return false

  const matches = matchTasks({
    tasks: await describeTasks(parts, rows, offers),
    slots: services.map((service) => freeSlotsOf(service, { offers, capped })),
    cooling: coolingServices(offers, now),
    running: parts.slots.runningByUser(),
    lastServed: state.lastServed
  })
  let claimed = 0
  for (const match of matches) {
    const task = rows.get(match.taskId)?.task
    const service = services.find((one) => one.serviceId === match.serviceId)
    if (!task || !service) continue
    const { serviceId, providerId, epoch } = service
    const assignment = await parts.requests.claim({ task, serviceId, providerId, epoch, caps: service })
    if (!assignment) continue
    state.lastServed.set(task.user_id, ++state.served)
    service.assign(assignment)
    claimed += 1
  }
  return claimed > 0
}

/** What is connected may be drained, or left alone in whole or in part. */
function whatIsOffered(connected: readonly ServiceSlots[], offers: readonly Offer[]): ServiceSlots[] {
  const offered = Map.groupBy(offers, (offer) => offer.serviceId)
  return connected.flatMap((service) => {
    const models = (offered.get(service.serviceId) ?? []).flatMap(({ model }) => {
      const features = service.models.get(model)
      return features ? [[model, features] as const] : []
    })
    return models.length === 0 ? [] : [{ ...service, models: new Map(models) }]
  })
}

/** Who may not use each of these services now, by its id. */
async function cappedOf(
  { database, providers }: DispatcherParts,
  { services, offers, now }: { services: readonly ServiceSlots[]; offers: readonly Offer[]; now: number }
): Promise<Map<string, Capped>> {
  const reaches = new Map(offers.map(({ serviceId, reach }) => [serviceId, reach]))
  const capped = new Map<string, Capped>()
  for (const service of services) {
    const reach = reaches.get(service.serviceId) ?? 'owner'
    const { offering } = providers
    capped.set(service.serviceId, await cappedUsers(database.db, service, { now, reach, offering }))
  }
  return capped
}

/** What a service has free, with what is known of it. It may try one place more than it has proven. */
function freeSlotsOf(
  service: ServiceSlots,
  { offers, capped }: { offers: readonly Offer[]; capped: ReadonlyMap<string, Capped> }
): FreeSlots {
  const offer = offers.find(({ serviceId }) => serviceId === service.serviceId)
  const left = capped.get(service.serviceId)?.left
  const seconds = offer?.secondsPerMegapixel
  const proven = (offer?.provenPlaces ?? 0) + 1 - service.running
  return {
    ...service,
    proven: Math.max(0, Math.min(service.free, proven)),
    ...(left !== undefined && { forOthers: left }),
    ...(seconds !== undefined && { secondsPerMegapixel: seconds })
  }
}

type RunnableTasks = Map<string, { task: TaskRow; services: string[] }>

async function runnableTasks(
  parts: DispatcherParts,
  looked: {
    services: readonly ServiceSlots[]
    models: readonly string[]
    capped: ReadonlyMap<string, Capped>
    fromClass: number
  }
): Promise<RunnableTasks> {
  const { services, models, capped, fromClass } = looked
  const found: RunnableTasks = new Map()
  const { db } = parts.database
  for (const service of services) {
    const tasks = await listRunnable(db, {
      serviceId: service.serviceId,
      models: models.filter((model) => service.models.has(model)),
      needsOf: (model) => satisfiedNeeds(service.models.get(model) ?? []),
      access: service.access,
      ownerId: service.ownerId,
      capped: capped.get(service.serviceId) ?? { others: true, userIds: [] },
      fromClass,
      limit: HEADS
    })
    for (const task of tasks) {
      const entry = found.get(task.id)
      if (entry) entry.services.push(service.serviceId)
      else found.set(task.id, { task, services: [service.serviceId] })
    }
    // SQLite answers at once: with many services nobody else would be heard meanwhile.
    if (services.length > SERVICES_AT_ONCE) await setImmediate()
  }
  return found
}

async function describeTasks(parts: DispatcherParts, rows: RunnableTasks, offers: Offer[]): Promise<WaitingTask[]> {
  const { db } = parts.database
  const tasks = [...rows.values()].map(({ task }) => task)
  const able = await servicesFor(db, { tasks, offers })
  const failures = await listFailures(db, tasks)
  return [...rows.values()].map(({ task, services }) => {
    const { failedOn = [], spentOn = [], refusedBy = [] } = failures.get(task.id) ?? {}
    const elsewhere = (able.get(task.id) ?? []).filter((service) => !spentOn.includes(service))
    return {
      id: task.id,
      userId: task.user_id,
      model: task.model,
      class: task.class,
      orderKey: task.order_key,
      queuedAt: task.queued_at,
      services,
      elsewhere: [...new Set([...services, ...elsewhere])],
      prefersOwn: task.routing === 'prefer_own',
      failedOn: [...failedOn, ...notToAsk(offers, { elsewhere, refusedBy })]
    }
  })
}

/** Of a task that was refused: all that could take it but those whose opinion is wanted. */
function notToAsk(
  offers: readonly Offer[],
  { elsewhere, refusedBy }: { elsewhere: readonly string[]; refusedBy: Failures['refusedBy'] }
): string[] {
  if (refusedBy.length === 0) return []
  const candidates = offers.filter(({ serviceId }) => elsewhere.includes(serviceId))
  const wanted = new Set(secondOpinions(refusedBy, candidates).map(({ serviceId }) => serviceId))
  return elsewhere.filter((serviceId) => !wanted.has(serviceId))
}

const coolingServices = (offers: Offer[], now: number): Set<string> =>
  new Set(offers.filter((offer) => offer.coolingUntil > now).map((offer) => offer.serviceId))

/** What a request may need, as `tasks.needs` spells it. */
const POSSIBLE_NEEDS = [
  'generate',
  'edit',
  'edit mask',
  'edit multi_image',
  'edit mask multi_image',
  'variation'
] as const

const satisfiedNeeds = (features: readonly Feature[]): string[] =>
  POSSIBLE_NEEDS.filter((needs) => canDo(features, needs.split(' ')))
