import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import { bytesSetting, durationSetting, integerSetting } from './settings.ts'

const limit = (name: string) => `INFERENCE_CLUB_LIMITS_${name}`
const GIB = 1024 ** 3

/** How much of the server one person may have at once: see `usage/budgets.ts`. */
export const BUDGETS = {
  queuePerUser: integerSetting({
    variable: limit('QUEUE_PER_USER'),
    live: true,
    title: 'Most images one person has waiting or running',
    description: 'Most images one user may have waiting or running.',
    fallback: 1000,
    min: 1,
    max: 10_000_000
  }),
  queueTotal: integerSetting({
    variable: limit('QUEUE_TOTAL'),
    live: true,
    title: 'Most images waiting or running in all',
    description: 'Most images that may be waiting or running in all.',
    fallback: 100_000,
    min: 1,
    max: 10_000_000
  }),
  callsPerUser: integerSetting({
    variable: limit('CALLS_PER_USER'),
    live: true,
    title: 'Most open calls of one person',
    description:
      'Most calls one user may have open at a time, those that wait for images and streams of events included.',
    fallback: 1000,
    min: 1,
    max: 1_000_000
  }),
  streamsPerUser: integerSetting({
    variable: limit('STREAMS_PER_USER'),
    live: true,
    title: 'Most live streams of one person',
    description:
      'Most streams of events one user may have open at a time: jobs that are followed, tabs of the dashboard.',
    fallback: 200,
    min: 1,
    max: 1_000_000
  }),
  webhooksPerUser: integerSetting({
    variable: limit('WEBHOOKS_PER_USER'),
    live: true,
    title: 'Most webhooks one person has to be delivered',
    description: 'Most webhooks of one user that are still to be delivered, those of requests that go on included.',
    fallback: 2000,
    min: 1,
    max: 10_000_000
  }),
  webhookRetentionMs: durationSetting({
    variable: limit('WEBHOOK_RETENTION'),
    live: true,
    title: 'Keep deliveries of webhooks for',
    description: 'How long deliveries of webhooks are kept to look at, and to deliver again.',
    fallback: 30 * DAY_MS,
    minMs: HOUR_MS,
    maxMs: 3650 * DAY_MS
  }),
  keysPerUser: integerSetting({
    variable: limit('KEYS_PER_USER'),
    live: true,
    title: 'Most API keys of one person',
    description:
      'Most API keys one user may have, those of the last day included that are revoked. The command line may make more.',
    fallback: 100,
    min: 1,
    max: 100_000
  }),
  storedBytesPerUser: bytesSetting({
    variable: limit('STORED_BYTES_PER_USER'),
    live: true,
    title: 'Make no more for a person whose images take',
    description: 'How much the images of one user may take, inputs included, before nothing more is made for them.',
    fallback: 500 * GIB,
    min: 1024
  }),
  bytesInFlightPerUser: bytesSetting({
    variable: limit('BYTES_IN_FLIGHT_PER_USER'),
    live: true,
    title: 'Most bytes on their way to here for one person',
    description:
      'Most bytes that may be arriving at a time for one user: in their calls, and as images from their agents. One transfer is always let in.',
    fallback: 2 * GIB,
    min: 1024
  }),
  bytesInFlight: bytesSetting({
    variable: limit('BYTES_IN_FLIGHT'),
    live: true,
    title: 'Most bytes on their way to here in all',
    description: 'The same for all users together.',
    fallback: 8 * GIB,
    min: 1024
  }),
  silenceMs: durationSetting({
    variable: limit('SILENCE'),
    live: true,
    title: 'Close silent connections after',
    description:
      'How long nothing may come of a body that is being sent, or be taken of an answer, before the connection is closed.',
    fallback: 30_000,
    minMs: 100,
    maxMs: 900_000
  })
}
