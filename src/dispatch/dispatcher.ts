import { setImmediate } from 'node:timers/promises'
import { type Loop, startLoop } from '../lib/async.ts'
import type { Database } from '../db/database.ts'
import type { Logger } from '../lib/logger.ts'
import { costOf, type MeasuredService, workOfTask } from '../providers/image-cost.ts'
import type { Offer } from '../providers/offers-store.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import { isMixed, listHeads, listWaitingModels } from '../requests/runnable-store.ts'
import { listHolders } from '../requests/attempt-store.ts'
import { secondOpinions } from '../requests/retry-policy.ts'
import { type Failures, listFailures, type TaskRow } from '../requests/task-store.ts'
import { classOfTurn } from './class-turn.ts'
import { matchTasks, type WaitingTask } from './match-tasks.ts'
import { notePass, type OwnPasses } from './passes.ts'
import { listOpenings, type OpenLane, type Openings } from './open-lanes.ts'
import type { SlotSource } from './slot-source.ts'
import { charge, type OwnTurns, standOf } from './turns.ts'

/** How often it looks by itself, in case a bell was lost. */
const LOOK_EVERY_MS = 1000
/** Models with anything waiting that are read at once; a club rarely has more. */
const MODELS_READ = 64
/** Models looked at in one go; a club rarely has more that anybody waits for. */
const MODELS_AT_ONCE = 16
/** Lanes of queues looked at in one go, those first whose turn is next: as many as there are free places, within these. */
const LEAST_LANES = 8
const MOST_LANES = 32
/** First images read of a lane, at most. */
const HEADS = 32
/** Images held ready that are remembered as charged. */
const CHARGED_KEPT = 10_000
/** Claims made without a pause. */
const CLAIMS_AT_ONCE = 16

export interface DispatcherParts {
  database: Database
  requests: Pick<RequestLifecycle, 'claim' | 'releaseStandby'>
  providers: Pick<ProviderStore, 'listOffers' | 'offering'>
  slots: SlotSource
  /** As they are at the moment. */
  limits: { readonly passesForLoadedModel: number }
  logger: Logger
}

/** Keeps the free slots of the agents connected to this process busy. */
export function startDispatcher(parts: DispatcherParts): Loop {
  const state: DispatchState = {
    turn: 0,
    turns: { now: 0, until: new Map() },
    passes: { images: new Map(), people: new Map() },
    charged: new Set(),
    lookedAt: '',
    readUpTo: ''
  }
  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      let given: Given
      do {
        given = await dispatchRound(parts, state)
        if (given !== 'nothing') state.turn += 1
        // SQLite answers at once: without a pause nobody else would be heard while many slots are filled.
        if (given === 'some') await setImmediate()
      } while (given === 'some')
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
  turns: OwnTurns
  passes: Pick<OwnPasses, 'images' | 'people'>
  /** Tries of images that were charged when they were to be held ready, those of long ago first. */
  charged: Set<string>
  /** The last model of those that were looked at together: the next look begins behind it. */
  lookedAt: string
  /** The last model of those that were read together when there are more: the next round begins behind it. */
  readUpTo: string
}

/** What a look handed out; `all`: nothing that it found waiting is left, and what comes rings. */
type Given = 'nothing' | 'some' | 'all'

/**
 * One round. Only models that somebody waits for and that a free service has are
 * looked at, so that the cost of a round does not grow with what agents declare, and without any there is none. When more
 * models are waited for than are read at once, each round begins behind those of the last one.
 */
async function dispatchRound(parts: DispatcherParts, state: DispatchState): Promise<Given> {
  const connected = parts.slots.freeServices()
  if (connected.length === 0) return 'nothing'
  const begin = state.readUpTo
  let isTurned = begin === ''
  for (;;) {
    const read = await listWaitingModels(parts.database.db, { after: state.readUpTo, limit: MODELS_READ })
    state.readUpTo = (read.length === MODELS_READ ? read.at(-1) : undefined) ?? ''
    const wanted = read.filter((model) => connected.some(({ models }) => models.has(model)))
    for (const models of groupsOf(wanted, state.lookedAt)) {
      state.lookedAt = models.at(-1) ?? ''
      const given = await dispatchModels(parts, { state, models })
      const isEverything = begin === '' && state.readUpTo === '' && models.length === wanted.length
      if (given !== 'nothing') return isEverything ? given : 'some'
      if (wanted.length > MODELS_AT_ONCE) await setImmediate()
    }
    const isAtEnd = state.readUpTo === ''
    if (isTurned && (isAtEnd || (begin !== '' && state.readUpTo >= begin))) return 'nothing'
    isTurned ||= isAtEnd
    await setImmediate()
  }
}

/** All of these models, some at a time, beginning behind one of them: each gets its turn. */
function groupsOf(models: readonly string[], after: string): string[][] {
  return chunksOf(
    [...models.filter((model) => model > after), ...models.filter((model) => model <= after)],
    MODELS_AT_ONCE
  )
}

const chunksOf = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

/**
 * One look at the queues for these models and at the free slots. When the class whose turn it is has nothing that can start
 * now, every class may: a task that waits for a busy service must not keep the free ones idle.
 */
async function dispatchModels(
  parts: DispatcherParts,
  { state, models }: { state: DispatchState; models: readonly string[] }
): Promise<Given> {
  const openings = await listOpenings(parts, { connected: parts.slots.freeServices(), models })
  const first = classOfTurn(state.turn)
  const free = [...openings.slots.values()].reduce((sum, slots) => sum + slots.free + (slots.standby ?? 0), 0)
  const atOnce = Math.max(LEAST_LANES, Math.min(free, MOST_LANES))
  for (const fromClass of first > 0 ? [first, 0] : [0]) {
    const lanes = byTurn(lanesFrom(openings.lanes, fromClass), parts.slots.runningByUser(), state)
    // With more lanes than are looked at, nobody gets a second place before the others have had their turn.
    const untried = lanes.length > atOnce ? 1 : Math.min(Math.max(1, free), HEADS)
    for (const some of chunksOf(lanes, atOnce)) {
      const given = await dispatchLanes(parts, { state, openings, lanes: some, untried, isShare: fromClass > 0 })
      if (given !== 'nothing') return some.length === openings.lanes.length ? given : 'some'
      if (lanes.length > atOnce) await setImmediate()
    }
  }
  return 'nothing'
}

/**
 * The lanes of this class and the less urgent ones. Of more urgent ones only what may go to a machine of its own user
 * stays: what an owner waits for goes there whatever its class.
 */
const lanesFrom = (lanes: readonly OpenLane[], fromClass: number): OpenLane[] =>
  lanes.flatMap((lane) => {
    if (lane.class >= fromClass) return [lane]
    const services = lane.services.filter(({ ownerId }) => ownerId === lane.user_id)
    return services.length === 0 ? [] : [{ ...lane, services }]
  })

/** The lanes in the order in which `matchTasks` goes by them: those whose turn is next are read first. */
function byTurn(
  lanes: readonly OpenLane[],
  running: ReadonlyMap<string, number>,
  { turns }: DispatchState
): OpenLane[] {
  const isOwn = (lane: OpenLane) => (lane.services.some(({ ownerId }) => ownerId === lane.user_id) ? 1 : 0)
  return lanes.toSorted(
    (a, b) =>
      isOwn(b) - isOwn(a) ||
      a.class - b.class ||
      (running.get(a.user_id) ?? 0) - (running.get(b.user_id) ?? 0) ||
      standOf(turns, a.user_id) - standOf(turns, b.user_id) ||
      a.order_key - b.order_key ||
      a.queued_at - b.queued_at
  )
}

/** Hands out what can be of the first images in these lanes, of so many in each that is untried. */
async function dispatchLanes(
  parts: DispatcherParts,
  looked: { state: DispatchState; openings: Openings; lanes: readonly OpenLane[]; untried: number; isShare: boolean }
): Promise<Given> {
  const { state, openings, lanes } = looked
  const { offers, slots, now } = openings
  const passes = { ...state.passes, most: parts.limits.passesForLoadedModel }
  const heads = await readHeads(parts.database, looked)
  const tasks = new Map([...heads.values()].flat().map((task) => [task.id, task]))
  const waiting = await describeTasks(parts, { heads, lanes, offers, now })
  const costs = new Map(waiting.map(({ id, cost }) => [id, cost]))
  const matches = matchTasks({
    tasks: waiting,
    slots: [...slots.values()],
    cooling: coolingServices(offers, now),
    running: parts.slots.runningByUser(),
    turns: state.turns,
    passes
  })
  const services = new Map(lanes.flatMap((lane) => lane.services.map((service) => [service.serviceId, service])))
  let claimed = 0
  for (const [index, match] of matches.entries()) {
    const task = tasks.get(match.taskId)
    const service = services.get(match.serviceId)
    if (!task || !service) continue
    if (index % CLAIMS_AT_ONCE === CLAIMS_AT_ONCE - 1) await setImmediate()
    if (match.instead !== undefined) {
      // What takes its place is looked for again when the agent has let go of it.
      await parts.requests.releaseStandby(match.instead)
      continue
    }
    const { serviceId, providerId, epoch } = service
    const isStandby = match.isStandby === true
    const assignment = await parts.requests.claim({ task, serviceId, providerId, epoch, isStandby })
    if (!assignment) continue
    const isEarly = match.passedOver !== undefined
    if (!isCharged(state.charged, task, isStandby)) {
      charge(state.turns, { userId: task.user_id, cost: costs.get(task.id) ?? 0, isEarly })
    }
    notePass(passes, {
      by: turnOf(task),
      over: (match.passedOver ?? []).flatMap((id) => tasks.get(id) ?? []).map(turnOf)
    })
    service.assign(assignment, { isShare: looked.isShare })
    claimed += 1
  }
  if (claimed === 0) return 'nothing'
  const isRead = lanes.every((lane) => (heads.get(lane.id)?.length ?? 0) < (isMixed(lane) ? HEADS : looked.untried))
  return isRead && claimed === tasks.size ? 'all' : 'some'
}

/**
 * Whether this try of an image was charged when somebody held it ready; notes it where somebody is to hold it now. What ends a
 * try changes what it is known by.
 */
function isCharged(charged: Set<string>, task: TaskRow, isStandby: boolean): boolean {
  const { id, queued_at: queuedAt, node_faults: faults, losses, refusals } = task
  const key = [id, queuedAt, faults, losses, refusals].join(' ')
  if (!isStandby) return charged.delete(key)
  const isKnown = charged.has(key)
  charged.add(key)
  for (const oldest of charged) {
    if (charged.size <= CHARGED_KEPT) break
    charged.delete(oldest)
  }
  return isKnown
}

const turnOf = ({ id, user_id: userId }: TaskRow) => ({ id, userId })

async function readHeads(
  { db }: Database,
  { lanes, untried, openings: { now } }: { lanes: readonly OpenLane[]; untried: number; openings: Openings }
): Promise<Map<string, TaskRow[]>> {
  const mixed = lanes.filter(isMixed)
  const heads = await listHeads(db, { lanes: lanes.filter((lane) => !isMixed(lane)), limit: untried })
  return mixed.length === 0 ? heads : new Map([...heads, ...(await listHeads(db, { lanes: mixed, limit: HEADS, now }))])
}

async function describeTasks(
  parts: DispatcherParts,
  {
    heads,
    lanes,
    offers,
    now
  }: {
    heads: ReadonlyMap<string, readonly TaskRow[]>
    lanes: readonly OpenLane[]
    offers: readonly Offer[]
    now: number
  }
): Promise<WaitingTask[]> {
  const measured = measuredByModel(offers)
  const all = [...heads.values()].flat()
  const failures = await listFailures(parts.database.db, all)
  const holders = await listHolders(
    parts.database.db,
    all.flatMap(({ id, held }) => (held > 0 ? [id] : []))
  )
  return lanes.flatMap((lane) => {
    const able = lane.services.map(({ serviceId }) => serviceId)
    return (heads.get(lane.id) ?? []).map((task): WaitingTask => {
      const { failedOn = [], spentOn = [], refusedBy = [] } = failures.get(task.id) ?? {}
      const shut = new Set(task.not_before > now ? failedOn : spentOn)
      const allowed = (ids: readonly string[]) => ids.filter((id) => !shut.has(id))
      const elsewhere = allowed(lane.elsewhere)
      const holder = holders.get(task.id)
      return {
        id: task.id,
        userId: task.user_id,
        model: task.model,
        class: task.class,
        orderKey: task.order_key,
        cost: costOf(measured.get(task.model) ?? [], workOfTask(task)),
        queuedAt: task.queued_at,
        // Who holds it ready begins it without being asked.
        services: allowed(able).filter((id) => id !== holder),
        elsewhere,
        prefersOwn: task.routing === 'prefer_own',
        failedOn: [...failedOn, ...notToAsk(offers, { elsewhere, refusedBy })],
        mayStandBy: task.current_attempt_id === null
      }
    })
  })
}

/** What people are charged by, for each model that is offered. */
const measuredByModel = (offers: readonly Offer[]): Map<string, MeasuredService[]> =>
  new Map(
    [...Map.groupBy(offers, ({ model }) => model)].map(([model, same]) => [
      model,
      same.map(({ pace, provenPlaces: places, reach }) => ({ pace, places, isTrusted: reach === 'all' }))
    ])
  )

/**
 * The services that a task which was refused does not go to: all that could take it but those whose second opinion is
 * wanted.
 */
function notToAsk(
  offers: readonly Offer[],
  { elsewhere, refusedBy }: { elsewhere: readonly string[]; refusedBy: Failures['refusedBy'] }
): string[] {
  if (refusedBy.length === 0) return []
  const candidates = offers.filter(({ serviceId }) => elsewhere.includes(serviceId))
  const wanted = new Set(secondOpinions(refusedBy, candidates).map(({ serviceId }) => serviceId))
  return elsewhere.filter((serviceId) => !wanted.has(serviceId))
}

const coolingServices = (offers: readonly Offer[], now: number): Set<string> =>
  new Set(offers.filter((offer) => offer.coolingUntil > now).map((offer) => offer.serviceId))
