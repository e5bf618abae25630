import type { Feature } from '../images/image-request.ts'
import type { Assignment } from '../requests/claim-task.ts'

/** One service of an agent connected to this process. */
export interface ServiceSlots {
  serviceId: string
  providerId: string
  epoch: number
  ownerId: string
  /** Model id → what the service can do with it. */
  models: ReadonlyMap<string, readonly Feature[]>
  free: number
  /** Images it makes now. */
  running: number
  /** Models it need not load first; absent: not known. */
  loaded?: ReadonlySet<string>
  /** Hands the work to the agent. */
  assign(assignment: Assignment): void
}

/** The agents connected to this process, as the dispatcher sees them. */
export interface SlotSource {
  freeServices(): ServiceSlots[]
  /** Tasks running at these agents, by user. */
  runningByUser(): Map<string, number>
}
