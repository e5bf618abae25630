import { setImmediate } from 'node:timers/promises'
import { type Loop, startLoop } from '../lib/async.ts'
import type { Database } from '../db/database.ts'
import type { Logger } from '../lib/logger.ts'
import { costOf, type MeasuredService, workOfTask } from '../providers/image-cost.ts'
import { measuredOf, type Offer } from '../providers/offers-store.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import type { Claim } from '../requests/claim-tasks.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import { isMixed, listHeads, type WaitingImage } from '../requests/runnable-store.ts'
import { listHolders } from '../requests/attempt-store.ts'
import { secondOpinions } from '../requests/retry-policy.ts'
import { type Failures, listFailures } from '../requests/task-store.ts'
import { classOfTurn } from './class-turn.ts'
import { type Match, matchTasks, type WaitingTask } from './match-tasks.ts'
import { notePass, type OwnPasses } from './passes.ts'
import { listOpenings, type OpenLane, type Openings } from './open-lanes.ts'
import type { ServiceSlots, SlotSource } from './slot-source.ts'
import { charge, type OwnTurns, standOf } from './turns.ts'
import { WaitingModels } from './waiting-models.ts'

/** How often it looks by itself, in case a bell was lost. */
const LOOK_EVERY_MS = 1000
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
  providers: Pick<ProviderStore, 'listRecentOffers' | 'offering'>
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
    waiting: new WaitingModels(),
    lookedAt: ''
  }
  let isLooking = false
  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      // What comes in the same turn of the event loop is looked at, and claimed, together.
      await setImmediate()
      isLooking = true
      try {
        // SQLite answers at once: without a pause nobody else would be heard while many slots are filled.
        while (await dispatchRound(parts, state)) await setImmediate()
      } finally {
        isLooking = false
      }
    },
    onError: (error) => parts.logger.error({ err: error }, 'dispatch failed; it is tried again')
  })
  const forget = parts.database.bell.on('tasks', (hint) => {
    if (state.waiting.hear(hint) || isLooking) loop.wake()
  })
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
  waiting: WaitingModels
  /** The last model of those that were looked at together: the next look begins behind it. */
  lookedAt: string
}

/** What a look handed out; `all`: what it found waiting is all with somebody, and what comes rings. */
type Given = 'nothing' | 'some' | 'all'

/**
 * One round; whether another may hand out more. Only models that somebody waits for and that a free service has are
 * looked at, so that the cost of a round does not grow with what agents declare, and without any there is none. When more
 * models are waited for than are read at once, each round begins behind those of the last one.
 */
async function dispatchRound(parts: DispatcherParts, state: DispatchState): Promise<boolean> {
  const { waiting } = state
  if (parts.slots.freeServices().length === 0) return false
  for await (const page of waiting.pages(parts.database.db)) {
    const connected = parts.slots.freeServices()
    const wanted = page.models.filter((model) => connected.some(({ models }) => models.has(model)))
    for (const models of groupsOf(wanted, state.lookedAt)) {
      state.lookedAt = models.at(-1) ?? ''
      waiting.take(models)
      let given: Given = 'nothing'
      try {
        given = await dispatchModels(parts, { state, models })
      } finally {
        if (given !== 'all') waiting.putBack(models)
      }
      if (given !== 'nothing') {
        state.turn += 1
        return given === 'some' || !page.isAll || models.length < wanted.length
      }
      if (wanted.length > MODELS_AT_ONCE) await setImmediate()
    }
  }
  return false
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
      if (given !== 'nothing') return openings.isAll && some.length === openings.lanes.length ? given : 'some'
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
  const wanted = matches.flatMap((match) => {
    const [task, service] = [tasks.get(match.taskId), services.get(match.serviceId)]
    return task && service ? [{ match, task, service }] : []
  })
  let claimed = 0
  for (const some of chunksOf(
    wanted.filter(({ match }) => match.instead === undefined),
    CLAIMS_AT_ONCE
  )) {
    if (claimed > 0) await setImmediate()
    const assignments = await parts.requests.claim(some.map((one) => claimOf(one, openings)))
    for (const [index, { match, task, service }] of some.entries()) {
      const assignment = assignments[index]
      if (!assignment) continue
      if (!isCharged(state.charged, task, match.isStandby === true)) {
        const isEarly = match.passedOver !== undefined
        charge(state.turns, { userId: task.user_id, cost: costs.get(task.id) ?? 0, isEarly })
      }
      notePass(passes, {
        by: turnOf(task),
        over: (match.passedOver ?? []).flatMap((id) => tasks.get(id) ?? []).map(turnOf)
      })
      service.assign(assignment, { isShare: looked.isShare })
      // It waits still, for whoever becomes idle sooner.
      if (match.isStandby) state.waiting.putBack([task.model])
      claimed += 1
    }
  }
  for (const { match } of wanted) {
    // What takes its place is looked for again when the agent has let go of it.
    if (match.instead !== undefined) await parts.requests.releaseStandby(match.instead)
  }
  if (claimed === 0) return 'nothing'
  const isRead = lanes.every(
    (lane) => lane.is_alone === 1 || (heads.get(lane.id)?.length ?? 0) < (isMixed(lane) ? HEADS : looked.untried)
  )
  return isRead && claimed === tasks.size ? 'all' : 'some'
}

function claimOf(
  { match, task, service }: { match: Match; task: WaitingImage; service: ServiceSlots },
  { openTo }: Openings
): Claim {
  const { serviceId, providerId, epoch } = service
  const open = openTo(serviceId, task)
  return { task, serviceId, providerId, epoch, isStandby: match.isStandby === true, ...(open && { open }) }
}

/**
 * Whether this try of an image was charged when somebody held it ready; notes it where somebody is to hold it now. What ends a
 * try changes what it is known by.
 */
function isCharged(charged: Set<string>, task: WaitingImage, isStandby: boolean): boolean {
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

const turnOf = ({ id, user_id: userId }: WaitingImage) => ({ id, userId })

/** The first images of each lane, which is known by its first one; more are read only of lanes that have more. */
async function readHeads(
  { db }: Database,
  { lanes, untried, openings: { now } }: { lanes: readonly OpenLane[]; untried: number; openings: Openings }
): Promise<Map<string, WaitingImage[]>> {
  const longer = lanes.filter(({ is_alone }) => is_alone === 0)
  const plain = untried > 1 ? longer.filter((lane) => !isMixed(lane)) : []
  return new Map([
    ...lanes.map((lane): [string, WaitingImage[]] => [lane.id, [lane]]),
    ...(await listHeads(db, { lanes: plain, limit: untried })),
    ...(await listHeads(db, { lanes: longer.filter(isMixed), limit: HEADS, now }))
  ])
}

async function describeTasks(
  parts: DispatcherParts,
  {
    heads,
    lanes,
    offers,
    now
  }: {
    heads: ReadonlyMap<string, readonly WaitingImage[]>
    lanes: readonly OpenLane[]
    offers: readonly Offer[]
    now: number
  }
): Promise<WaitingTask[]> {
  const costs = createCosts(offers)
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
      const allowed = (ids: readonly string[]) => (shut.size === 0 ? ids : ids.filter((id) => !shut.has(id)))
      const elsewhere = allowed(lane.elsewhere)
      const holder = holders.get(task.id)
      return {
        id: task.id,
        userId: task.user_id,
        model: task.model,
        class: task.class,
        orderKey: task.order_key,
        cost: costs(task),
        queuedAt: task.queued_at,
        // Who holds it ready begins it without being asked.
        services: holder === undefined ? allowed(able) : allowed(able).filter((id) => id !== holder),
        elsewhere,
        prefersOwn: task.routing === 'prefer_own',
        failedOn: [...failedOn, ...notToAsk(offers, { elsewhere, refusedBy })],
        mayStandBy: task.current_attempt_id === null
      }
    })
  })
}

/** What people are charged for images, reckoned once for all of the same work. */
function createCosts(offers: readonly Offer[]): (task: WaitingImage) => number {
  const measured = new Map(
    [...Map.groupBy(offers, ({ model }) => model)].map(([model, same]): [string, MeasuredService[]] => [
      model,
      same.map(measuredOf)
    ])
  )
  const costs = new Map<string, number>()
  return (task) => {
    const { model, pixels, steps } = task
    const key = `${pixels} ${steps} ${model}`
    const cost = costs.get(key) ?? costOf(measured.get(model) ?? [], workOfTask(task))
    costs.set(key, cost)
    return cost
  }
}

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
