import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { HttpContext } from '../http/http-context.ts'
import type { OperationEvents } from '../lib/operation-events.ts'
import type { EventLoopDelay, EventLoopDelays } from './event-loop-delay.ts'
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
  eventLoop: Pick<EventLoopDelay, 'read'>
}

/** What `prom-client` says of the event loop, and how it looks for it: with a timer that wakes the process a hundred times a second. */
const EVENT_LOOP: readonly [name: string, help: string, figure: keyof EventLoopDelays][] = [
  ['nodejs_eventloop_lag_seconds', 'How late events were when it was last looked.', 'lastMs'],
  ['nodejs_eventloop_lag_min_seconds', 'The least that events were late.', 'minMs'],
  ['nodejs_eventloop_lag_max_seconds', 'The most that events were late.', 'maxMs'],
  ['nodejs_eventloop_lag_mean_seconds', 'How late events were on average.', 'meanMs'],
  ['nodejs_eventloop_lag_stddev_seconds', 'The standard deviation of how late events were.', 'stddevMs'],
  ['nodejs_eventloop_lag_p50_seconds', 'Half of the time events were less late.', 'p50Ms'],
  ['nodejs_eventloop_lag_p90_seconds', '90 % of the time events were less late.', 'p90Ms'],
  ['nodejs_eventloop_lag_p99_seconds', '99 % of the time events were less late.', 'p99Ms']
]
/** Its timer cannot be left out: it is due as late as a timer can be. */
const NEVER_MS = 2 ** 31 - 1

export function createMetrics(sources: MetricSources): HttpContext['metrics'] & { close: () => void } {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS })
  for (const [name, help, figure] of EVENT_LOOP) {
    registry.removeSingleMetric(name)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(sources.eventLoop.read()[figure] / 1000)
      }
    })
  }
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
