import type { Feature } from '../images/image-request.ts'
import type { Assignment } from '../requests/claim-tasks.ts'
import type { HeldReady } from './match-tasks.ts'

/** One service of an agent connected to this process. */
export interface ServiceSlots {
  serviceId: string
  providerId: string
  epoch: number
  ownerId: string
  /** Model id → what the service can do with it. */
  models: ReadonlyMap<string, readonly Feature[]>
  free: number
  /** Images more that it may hold ready, once it has no place free; absent: none. */
  standby?: number
  /** What it holds ready; absent: nothing. */
  held?: readonly HeldReady[]
  /** Images it makes now. */
  running: number
  /** Models it need not load first; absent: not known. */
  loaded?: ReadonlySet<string>
  /** Hands the work to the agent; of what is to be held ready, `isShare` says that it was its class's turn. */
  assign(assignment: Assignment, given: { isShare: boolean }): void
}

/** The agents connected to this process, as the dispatcher sees them. */
export interface SlotSource {
  freeServices(): ServiceSlots[]
  /** Tasks running at these agents, by user. */
  runningByUser(): Map<string, number>
}
