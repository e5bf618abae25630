import type { BatchView } from '../../batches/batches.ts'
import type { RequestState } from '../../requests/request-states.ts'
import { toUnixSeconds } from '../../lib/clock.ts'
import { presentStatus } from './present-job.ts'

/** `held` are jobs that were begun and wait. */
export function presentBatch({ batch, requests: stored }: BatchView, held: ReadonlySet<string>) {
  const requests = stored.map(({ id, state }) => ({ id, state: held.has(id) ? ('queued' as const) : state }))
  const count = (...states: RequestState[]) => requests.filter(({ state }) => states.includes(state)).length
  const queued = count('queued')
  const ended = count('succeeded', 'failed', 'canceled')
  return {
    id: batch.id,
    object: 'inference.batch',
    label: batch.label,
    status: ended === requests.length ? 'DONE' : queued === requests.length ? 'PENDING' : 'PROCESSING',
    total: requests.length,
    queued,
    processing: count('running'),
    processed: count('succeeded'),
    failed: count('failed'),
    canceled: count('canceled'),
    created: toUnixSeconds(batch.created_at),
    jobs: requests.map(({ id, state }) => ({ id, status: presentStatus(state) }))
  }
}
