/** A waiting task at the head of a queue, with what decides where and when it runs. */
export interface WaitingTask {
  id: string
  userId: string
  model: string
  class: number
  orderKey: number
  queuedAt: number
  /** Services that may take it (capability, access and work done in vain are settled already). */
  services: readonly string[]
  /** Every service online that could take it, busy ones and those of other gateways included. */
  elsewhere: readonly string[]
  /** Services of the user's own providers go first. */
  prefersOwn: boolean
  /** Services on which it has failed. */
  failedOn: readonly string[]
}

/** Free capacity of one service. */
export interface FreeSlots {
  serviceId: string
  free: number
  ownerId: string
  /** The model it ran last, and so most likely has loaded. */
  lastModel?: string
}

export interface Match {
  taskId: string
  serviceId: string
}

export interface MatchState {
  tasks: readonly WaitingTask[]
  slots: readonly FreeSlots[]
  /** Services that cool down after repeated faults. */
  cooling: ReadonlySet<string>
  /** Tasks running now, by user. */
  running: ReadonlyMap<string, number>
  /** A counter that grows with each dispatch to a user: the smaller, the longer ago. */
  lastServed: ReadonlyMap<string, number>
}

/**
 * Which waiting task goes to which free slot. Classes first; between users whoever runs least, then whoever was served
 * longest ago; then the order keys. A task that failed somewhere goes elsewhere while there is an elsewhere, and a
 * cooling service is asked only when no healthy one is online.
 */
export function matchTasks(state: MatchState): Match[] {
  const free = new Map(state.slots.map((slot) => [slot.serviceId, { ...slot }]))
  const running = new Map(state.running)
  const lastServed = new Map(state.lastServed)
  let served = Math.max(0, ...lastServed.values())
  const waiting = [...state.tasks]
  const matches: Match[] = []

  const order = (a: WaitingTask, b: WaitingTask): number =>
    a.class - b.class ||
    (running.get(a.userId) ?? 0) - (running.get(b.userId) ?? 0) ||
    (lastServed.get(a.userId) ?? 0) - (lastServed.get(b.userId) ?? 0) ||
    a.orderKey - b.orderKey ||
    a.queuedAt - b.queuedAt

  while (waiting.length > 0 && [...free.values()].some((slot) => slot.free > 0)) {
    waiting.sort(order)
    const index = waiting.findIndex((task) => chooseSlot(task, free, state.cooling))
    const task = waiting[index]
    const slot = task && chooseSlot(task, free, state.cooling)
    if (!slot) break
    waiting.splice(index, 1)
    slot.free -= 1
    slot.lastModel = task.model
    running.set(task.userId, (running.get(task.userId) ?? 0) + 1)
    lastServed.set(task.userId, ++served)
    matches.push({ taskId: task.id, serviceId: slot.serviceId })
  }
  return matches
}

function chooseSlot(
  task: WaitingTask,
  free: ReadonlyMap<string, FreeSlots>,
  cooling: ReadonlySet<string>
): FreeSlots | undefined {
  const worthTrying = firstNonEmpty(
    task.elsewhere.filter((id) => !task.failedOn.includes(id) && !cooling.has(id)),
    task.elsewhere.filter((id) => !task.failedOn.includes(id)),
    task.elsewhere.filter((id) => !cooling.has(id)),
    task.elsewhere
  )
  const slots = task.services.flatMap((id) => {
    const slot = free.get(id)
    return slot && slot.free > 0 && worthTrying.includes(id) ? [slot] : []
  })
  const own = (slot: FreeSlots) => (task.prefersOwn && slot.ownerId === task.userId ? 1 : 0)
  const loaded = (slot: FreeSlots) => (slot.lastModel === task.model ? 1 : 0)
  return slots.sort((a, b) => own(b) - own(a) || loaded(b) - loaded(a) || b.free - a.free)[0]
}

const firstNonEmpty = (...lists: (readonly string[])[]): readonly string[] =>
  lists.find((list) => list.length > 0) ?? []
