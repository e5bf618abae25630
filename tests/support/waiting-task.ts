import type { WaitingTask } from '../../src/dispatch/match-tasks.ts'
import { TASK_CLASS } from '../../src/requests/request-states.ts'

let made = 0

/** A task that one service, `a`, may take and that nothing distinguishes. */
export const waitingTask = (change: Partial<WaitingTask> = {}): WaitingTask => {
  const services = change.services ?? ['a']
  return {
    id: `task-${++made}`,
    userId: 'ann',
    model: 'm',
    class: TASK_CLASS.interactive,
    orderKey: 0,
    cost: 1,
    queuedAt: 0,
    services,
    elsewhere: services,
    prefersOwn: false,
    failedOn: [],
    ...change
  }
}
