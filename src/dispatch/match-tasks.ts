import { copyPasses, mayPass, notePass, type OwnPasses, type Passes } from './passes.ts'
import { charge, copyTurns, type OwnTurns, standOf, type Turns } from './turns.ts'

/** A waiting task at the head of a queue, with what decides where and when it runs. */
export interface WaitingTask {
  id: string
  userId: string
  model: string
  class: number
  orderKey: number
  /** What its user is charged for it. */
  cost: number
  queuedAt: number
  /** Services that may take it (capability, access, work done in vain and failures of a moment ago are settled already). */
  services: readonly string[]
  /** Every service online that could take it, busy ones and those of other gateways included. */
  elsewhere: readonly string[]
  /** Services of the user's own providers go first. */
  prefersOwn: boolean
  /** Services on which it has failed. */
  failedOn: readonly string[]
  /** It may be held ready: nobody else does, nor may still bring it. Absent: it may not. */
  mayStandBy?: boolean
}

/** An image that a service holds ready, and has not begun. */
export interface HeldReady {
  attemptId: string
  userId: string
  class: number
  /** It was its class's turn: what is more urgent does not take its place. */
  isShare: boolean
}

/** Free capacity of one service. */
export interface FreeSlots {
  serviceId: string
  /** Places it declares and that are free. */
  free: number
  ownerId: string
  /** How many of them others than its owner may have; absent: all. */
  forOthers?: number
  /** How many of them it has shown that it can fill, or may try to; absent: all. */
  proven?: number
  /** Images it makes now; absent: none. */
  running?: number
  /** From beginning to delivery of a million pixels by model, as measured; those that are missing are not known yet. */
  secondsPerMegapixel?: ReadonlyMap<string, number>
  /** Models it need not load first; absent: not known. */
  loaded?: ReadonlySet<string>
  /** Images more that it may hold ready, once it has no place free; absent: none. */
  standby?: number
  /** What it holds ready; absent: nothing. */
  held?: readonly HeldReady[]
}

export interface Match {
  taskId: string
  serviceId: string
  /** Tasks whose turn it was, and that go later because their model is not loaded there; absent: none. */
  passedOver?: string[]
  /** It is to be held ready there. */
  isStandby?: true
  /** The attempt held ready there that has to go first. */
  instead?: string
}

export interface MatchState {
  tasks: readonly WaitingTask[]
  slots: readonly FreeSlots[]
  /** Services that cool down after repeated faults. */
  cooling: ReadonlySet<string>
  /** Tasks running now, by user. */
  running: ReadonlyMap<string, number>
  /** How far each user has been served. */
  turns: Turns
  /** What was passed over before, and how often anybody may be. */
  passes: Passes
}

/** A service while its places are given away. */
type Place = Required<Omit<FreeSlots, 'secondsPerMegapixel'>> & {
  secondsPerMegapixel: (model: string) => number
  /** Tasks of its owner that wait for it: so many places are theirs. */
  owners: number
}

/** A waiting task with the services worth trying that have a place for somebody. */
interface Candidate {
  task: WaitingTask
  places: readonly Place[]
  /** No other service could take it: whatever this one declares is better than waiting. */
  isSole: boolean
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Which waiting task goes to which free slot. On a machine what its owner waits for goes first, whatever it is. Else classes
 * first; between users whoever runs least, then whoever has had least by what it cost; then the order keys. A task that failed
 * somewhere goes elsewhere while there is an elsewhere, and a cooling service is asked only when no healthy one is online.
 * Between services an idle one with the model loaded is best; else the sooner it is likely to be done counts, by what was
 * measured and not by what is declared, and what is loaded on a busy one only when nothing else tells them apart. Whose model is loaded may go before those whose turn it is, as far as `Passes` lets them.
 * What then finds no place is held ready by busy services, in the same order; that keeps it from nobody.
 */
export function matchTasks(state: MatchState): Match[] {
  const usual = usualSeconds(state)
  const running = new Map(state.running)
  const served = { ...state, running, turns: copyTurns(state.turns), passes: copyPasses(state.passes) }
  const free = state.slots.map((slot) => placeOf(slot, usual))
  const matches = fillPlaces(served, { tasks: state.tasks, places: free })
  const taken = new Set(matches.map(({ taskId }) => taskId))
  const left = state.tasks.filter(({ id, mayStandBy }) => mayStandBy === true && !taken.has(id))
  if (left.length === 0) return matches
  const busy = free.filter((place) => place.free <= 0)
  // What stands by needs no place that is proven, for it runs when another has ended.
  const ready = busy.map((place) => ({ ...place, free: place.standby, proven: place.standby, owners: 0 }))
  const standby = fillPlaces(served, { tasks: left, places: ready })
  for (const { taskId } of standby) taken.add(taskId)
  return [
    ...matches,
    ...standby.map((match) => ({ ...match, isStandby: true as const })),
    ...findReplaced(
      left.filter(({ id }) => !taken.has(id)),
      {
        places: new Map(ready.filter(({ free }) => free <= 0).map((place) => [place.serviceId, place])),
        cooling: state.cooling
      }
    )
  ]
}

/**
 * Which images held ready have to go because another goes before them: on a machine its owner's before a stranger's, else
 * the more urgent one, unless it is the other's turn.
 */
function findReplaced(
  tasks: readonly WaitingTask[],
  { places, cooling }: { places: ReadonlyMap<string, Place>; cooling: ReadonlySet<string> }
): Match[] {
  const gone = new Set<string>()
  const sorted = tasks.toSorted((a, b) => a.class - b.class || a.orderKey - b.orderKey || a.queuedAt - b.queuedAt)
  return sorted.flatMap((task): Match[] => {
    for (const place of candidateOf(task, places, cooling).places) {
      const goesFirst = (held: HeldReady) =>
        isOwn(place, task) !== isOwn(place, held) ? isOwn(place, task) : task.class < held.class && !held.isShare
      const last = place.held
        .filter((held) => !gone.has(held.attemptId) && goesFirst(held))
        .toSorted((a, b) => Number(isOwn(place, a)) - Number(isOwn(place, b)) || b.class - a.class)[0]
      if (!last) continue
      gone.add(last.attemptId)
      return [{ taskId: task.id, serviceId: place.serviceId, isStandby: true, instead: last.attemptId }]
    }
    return []
  })
}

/** Gives places away, and charges for it what people have been served (`state`). */
function fillPlaces(
  state: Pick<MatchState, 'cooling'> & { running: Map<string, number>; turns: OwnTurns; passes: OwnPasses },
  { tasks, places: given }: { tasks: readonly WaitingTask[]; places: readonly Place[] }
): Match[] {
  const places = new Map(given.map((place) => [place.serviceId, place]))
  const { running, turns, passes } = state
  const waiting = tasks.map((task) => candidateOf(task, places, state.cooling))
  for (const candidate of waiting) for (const place of ownPlaces(candidate)) place.owners += 1
  const matches: Match[] = []

  const order = ({ task: a }: Candidate, { task: b }: Candidate): number =>
    a.class - b.class ||
    (running.get(a.userId) ?? 0) - (running.get(b.userId) ?? 0) ||
    standOf(turns, a.userId) - standOf(turns, b.userId) ||
    a.orderKey - b.orderKey ||
    a.queuedAt - b.queuedAt

  while (waiting.length > 0 && [...places.values()].some(({ free }) => free > 0)) {
    waiting.sort(order)
    const [first, firstPlace] = findFirst(waiting)
    if (!first || !firstPlace) break
    const warm = firstPlace.loaded.has(first.task.model) ? undefined : findWarm(waiting, { first, firstPlace, passes })
    const { candidate, place, over } = warm ?? { candidate: first, place: firstPlace, over: [] }
    const { task } = candidate
    waiting.splice(waiting.indexOf(candidate), 1)
    for (const own of ownPlaces(candidate)) own.owners -= 1
    take(place, task)
    running.set(task.userId, (running.get(task.userId) ?? 0) + 1)
    charge(turns, { userId: task.userId, cost: task.cost, isEarly: over.length > 0 })
    notePass(passes, { by: task, over })
    const passedOver = over.length > 0 && { passedOver: over.map(({ id }) => id) }
    matches.push({ taskId: task.id, serviceId: place.serviceId, ...passedOver })
  }
  return matches
}

/** The first that finds a place, and that place. */
function findFirst(waiting: readonly Candidate[]): [Candidate, Place] | [] {
  for (const candidate of waiting) {
    const place = choosePlace(candidate)
    if (place) return [candidate, place]
  }
  return []
}

const placeOf = (slot: FreeSlots, usual: (model: string) => number): Place => ({
  ...slot,
  forOthers: slot.forOthers ?? Infinity,
  proven: slot.proven ?? slot.free,
  running: slot.running ?? 0,
  secondsPerMegapixel: (model) => slot.secondsPerMegapixel?.get(model) ?? usual(model),
  loaded: slot.loaded ?? NONE,
  standby: slot.standby ?? 0,
  held: slot.held ?? [],
  owners: 0
})

function take(place: Place, task: WaitingTask): void {
  place.free -= 1
  place.proven -= 1
  place.running += 1
  if (task.userId !== place.ownerId) place.forOthers -= 1
  if (!place.loaded.has(task.model)) place.loaded = new Set([task.model])
}

/**
 * The next of the same class that would itself choose this place and whose model is loaded there, with those whose turn is
 * before its own: the first of each person. None when any of these may not be passed over any more.
 */
function findWarm(
  waiting: readonly Candidate[],
  { first, firstPlace: place, passes }: { first: Candidate; firstPlace: Place; passes: Passes }
): { candidate: Candidate; place: Place; over: WaitingTask[] } | undefined {
  const over = new Map<string, WaitingTask>()
  for (const candidate of waiting.slice(waiting.indexOf(first))) {
    const { task } = candidate
    if (task.class !== first.task.class) return undefined
    if (!candidate.places.includes(place) || !isOpenTo(place, candidate)) continue
    if (place.loaded.has(task.model) && choosePlace(candidate) === place) {
      const passed = [...over.values()]
      return mayPass(passes, { by: task, over: passed }) ? { candidate, place, over: passed } : undefined
    }
    if (!over.has(task.userId)) over.set(task.userId, task)
  }
  return undefined
}

/** The pace that is assumed of a service that has not been measured with a model: the average of the others. */
function usualSeconds({ slots, tasks }: MatchState): (model: string) => number {
  const models = new Set(tasks.map(({ model }) => model))
  const usual = new Map(
    [...models].map((model) => {
      const known = slots.flatMap(({ secondsPerMegapixel }) => secondsPerMegapixel?.get(model) ?? [])
      return [model, known.length === 0 ? 1 : known.reduce((sum, seconds) => sum + seconds, 0) / known.length]
    })
  )
  return (model) => usual.get(model) ?? 1
}

function candidateOf(task: WaitingTask, places: ReadonlyMap<string, Place>, cooling: ReadonlySet<string>): Candidate {
  const placesOf = (ids: readonly string[]) => ids.flatMap((id) => places.get(id) ?? [])
  if (task.failedOn.length === 0 && cooling.size === 0) {
    return { task, places: placesOf(task.services), isSole: task.elsewhere.length === 1 }
  }
  const worthTrying = firstNonEmpty(
    task.elsewhere.filter((id) => !task.failedOn.includes(id) && !cooling.has(id)),
    task.elsewhere.filter((id) => !task.failedOn.includes(id)),
    task.elsewhere.filter((id) => !cooling.has(id)),
    task.elsewhere
  )
  const worthy = new Set(worthTrying)
  const able = task.services.filter((id) => worthy.has(id))
  return { task, places: placesOf(able), isSole: worthTrying.length === 1 }
}

const ownPlaces = ({ task, places }: Candidate): Place[] => places.filter(({ ownerId }) => ownerId === task.userId)

const isOwn = (place: Place, task: { userId: string }): boolean => place.ownerId === task.userId

/** Whether one of its places has room for it. */
function isOpenTo(place: Place, { task, isSole }: Candidate): boolean {
  if (isOwn(place, task)) return place.free > 0
  return Math.min(place.free - place.owners, place.forOthers, isSole ? place.free : place.proven) > 0
}

function choosePlace(candidate: Candidate): Place | undefined {
  const { task, places } = candidate
  const preferred = (place: Place) => (task.prefersOwn && isOwn(place, task) ? 1 : 0)
  const isWarm = (place: Place) => place.loaded.has(task.model)
  const isIdle = (place: Place) => place.running === 0
  const isBetter = (a: Place, b: Place): boolean =>
    (preferred(b) - preferred(a) ||
      Number(isIdle(b) && isWarm(b)) - Number(isIdle(a) && isWarm(a)) ||
      secondsUntilDone(a, task.model) - secondsUntilDone(b, task.model) ||
      Number(isIdle(b)) - Number(isIdle(a)) ||
      Number(isWarm(b)) - Number(isWarm(a)) ||
      b.free - a.free) < 0
  let best: Place | undefined
  for (const place of places) {
    if (isOpenTo(place, candidate) && (!best || isBetter(place, best))) best = place
  }
  return best
}

/**
 * Seconds until one image more of a million pixels is done: what the service then makes shares the places that it has
 * proven, busy and free ones (`running + proven`).
 */
const secondsUntilDone = ({ secondsPerMegapixel, running, proven }: Place, model: string): number =>
  (secondsPerMegapixel(model) * (running + 1)) / Math.max(1, running + proven)

const firstNonEmpty = (...lists: (readonly string[])[]): readonly string[] =>
  lists.find((list) => list.length > 0) ?? []
