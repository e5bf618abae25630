import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { HttpContext } from '../http/http-context.ts'
import type { OperationEvents } from '../lib/operation-events.ts'
import type { Unfinished } from '../usage/unfinished-store.ts'

/** Numbers read at the moment somebody asks for them. */
export interface MetricSources {
  operations: Pick<OperationEvents, 'on'>
  agentsOnline: () => number
  unfinished: () => Promise<Unfinished>
  /** Bytes. */
  databaseLogSize: () => Promise<number>
  /** Bytes; null when it cannot be told. */
  freeSpace: () => number | null
}

export function createMetrics(sources: MetricSources): HttpContext['metrics'] & { close: () => void } {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const duration = new Histogram({
    name: 'inference_club_http_request_duration_seconds',
    help: 'HTTP exchanges by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2, 10, 30, 60, 120, 300],
    registers
  })
  const operationDuration = new Histogram({
    name: 'inference_club_operation_duration_seconds',
    help: 'Operations by name; of a stream, until it ended.',
    labelNames: ['operation'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2, 10, 60, 300],
    registers
  })
  const operationsEnded = new Counter({
    name: 'inference_club_operations_total',
    help: 'Operations by name and outcome: ok, or the code of the error.',
    labelNames: ['operation', 'outcome'],
    registers
  })
  sources.operations.on(({ operation, outcome, ms }) => {
    operationDuration.observe({ operation }, ms / 1000)
    operationsEnded.inc({ operation, outcome })
  })
  new Gauge({
    name: 'inference_club_agents_online',
    help: 'Agents connected to this process.',
    registers,
    collect() {
      this.set(sources.agentsOnline())
    }
  })
  new Gauge({
    name: 'inference_club_tasks',
    help: 'Images waiting and running.',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset()
      for (const [state, count] of Object.entries(await sources.unfinished())) this.set({ state }, count)
    }
  })
  new Gauge({
    name: 'inference_club_database_log_bytes',
    help: 'Size of the write-ahead log of the database.',
    registers,
    async collect() {
      this.set(await sources.databaseLogSize())
    }
  })
  new Gauge({
    name: 'inference_club_free_space_bytes',
    help: 'Free space where the database and the images are, whichever has less.',
    registers,
    collect() {
      this.set(sources.freeSpace() ?? NaN)
    }
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe: ({ method, route, status, seconds }) =>
      duration.observe({ method, route, status: String(status) }, seconds),
    close: () => registry.clear()
  }
}
