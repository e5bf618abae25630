import { EventSourceParserStream } from 'eventsource-parser/stream'
import { inBackground, sleep } from '../lib/async.ts'
import { cleanText } from '../lib/clean-text.ts'
import { waitText } from '../lib/wait-reasons.ts'
import { callGateway, fromServer, type GatewayAddress, GatewayAway, request } from './call-gateway.ts'
import { CommandFailed } from './command-failed.ts'
import { type Job, type JobResult, readJob } from './gateway-answers.ts'
import type { ProgressBar } from './progress-bar.ts'

/** Of an image; `percent` of what is `estimated` alone. */
interface Progress {
  image: number
  step: number
  steps: number
  percent?: number
  estimated?: boolean
}

const ENDED = ['PROCESSED', 'FAILED', 'CANCELED']
/** How long a gateway may be away, as when it is restarted, before the command gives up; the job itself goes on. */
const PATIENCE_MS = 30_000
const TRY_AGAIN_AFTER_MS = 500
/** When it is first looked why a job waits, of which its events say nothing, and how often from then on: far less than a key may call. */
const LOOKS = { firstMs: 2000, everyMs: 5000 }
const MAX_NAME = 100
const MOST_NAMED = 10

/**
 * Waits for a job and returns its images, while it moves the bar, which is stopped at the end. The events only move the
 * bar: whether the job has ended is read from the job itself, also when the stream breaks or the gateway restarts.
 * Why it waits is noted, or that it is in line, each reason once until there is another, and then that it has begun.
 */
export async function followJob(
  gateway: GatewayAddress,
  id: string,
  bar: ProgressBar,
  looks = LOOKS
): Promise<JobResult> {
  const ended = new AbortController()
  const waits = openWaitNotes(gateway, id, { bar, signal: ended.signal })
  // A look that fails is left: whether the gateway is there is found out below.
  inBackground(lookNowAndThen(waits, looks, ended.signal), () => undefined)
  let answeredAt = performance.now()
  try {
    for (;;) {
      try {
        const job = await callGateway(gateway, `/v1/jobs/${id}`, { read: readJob })
        answeredAt = performance.now()
        bar.update(job.progress)
        if (ENDED.includes(job.status)) return resultOf(job)
        await followEvents(gateway, id, {
          onProgress: (percents, isEstimated) => bar.update(percents / job.n, isEstimated),
          onStatus: waits.lookAgain
        })
      } catch (error) {
        if (!(error instanceof GatewayAway) || performance.now() - answeredAt > PATIENCE_MS) throw error
        await sleep(TRY_AGAIN_AFTER_MS)
      }
    }
  } finally {
    ended.abort()
    bar.stop()
  }
}

interface WaitNotes {
  /** Looks at the job, and notes what is new of its wait. */
  look(): Promise<void>
  /** The same where a wait was noted, which may be over. */
  lookAgain(): void
}

function openWaitNotes(
  gateway: GatewayAddress,
  id: string,
  { bar, signal }: { bar: ProgressBar; signal: AbortSignal }
): WaitNotes {
  /** The reason that was noted last, while it has not been noted that it is over. */
  let told: string | undefined
  // One after the other: of two at once the older answer might come last.
  let looking: Promise<void> = Promise.resolve()
  const lookOnce = async () => {
    const job = await callGateway(gateway, `/v1/jobs/${id}`, { read: readJob }).catch(() => undefined)
    if (signal.aborted || !job) return
    const wait = waitOf(job)
    if (wait && wait.reason !== told) {
      told = wait.reason
      bar.note(`waits: ${wait.text}`)
    } else if (!wait && told !== undefined && job.makers.length > 0) {
      told = undefined
      const names = job.makers.slice(0, MOST_NAMED).map((name) => cleanText(name, MAX_NAME))
      const more = job.makers.length > MOST_NAMED ? ` and ${job.makers.length - MOST_NAMED} more` : ''
      bar.note(`begun on ${names.join(', ')}${more}`)
    }
  }
  const look = () => (looking = looking.then(lookOnce))
  return {
    look,
    lookAgain: () => {
      if (told !== undefined) inBackground(look(), () => undefined)
    }
  }
}

/** Why nobody makes it now, or its place in line. */
function waitOf({ waiting, queue }: Job): { reason: string; text: string } | undefined {
  if (waiting) return { reason: waiting.reason, text: waitText(waiting, Date.now(), timeOfDay) }
  if (!queue) return undefined
  const { position, etaSeconds } = queue
  const place = position === 1 ? 'next in line' : `in line at place ${position}`
  return { reason: 'line', text: etaSeconds === undefined ? place : `${place}, done in about ${span(etaSeconds)}` }
}

const span = (seconds: number): string => (seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`)

/** Until the signal is aborted, with which it rejects. */
async function lookNowAndThen(waits: WaitNotes, looks: typeof LOOKS, signal: AbortSignal): Promise<never> {
  for (let afterMs = looks.firstMs; ; afterMs = looks.everyMs) {
    await sleep(afterMs, signal)
    await waits.look()
  }
}

/** By the clock of this machine, with the day when it is another. */
function timeOfDay(ms: number, now: number): string {
  const [at, today] = [new Date(ms), new Date(now)]
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  return at.toDateString() === today.toDateString() ? time : `${time} on ${at.toDateString()}`
}

function resultOf({ status, result, error }: Job): JobResult {
  if (result) return result
  throw new CommandFailed(fromServer(error ?? `The job ended as ${status}.`))
}

/**
 * Follows the events to their end; `onProgress` gets the percents of all images added up, and whether any of them is an estimate,
 * `onStatus` hears of each change of the job. Throws `GatewayAway`.
 */
async function followEvents(
  { url, key }: GatewayAddress,
  id: string,
  { onProgress, onStatus }: { onProgress: (percents: number, isEstimated: boolean) => void; onStatus: () => void }
): Promise<void> {
  const response = await request(`${url}/v1/jobs/${id}/events`, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${key}` }
  })
  const images = new Map<number, Pick<Progress, 'percent' | 'estimated'>>()
  try {
    const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { event, data } of events ?? []) {
      if (event === 'result' || event === 'error') return
      if (event === 'status') onStatus()
      if (event !== 'progress') continue
      const { image, step, steps, percent = 0, estimated } = JSON.parse(data) as Progress
      images.set(image, steps > 0 ? { percent: (step / steps) * 100 } : { percent, ...(estimated && { estimated }) })
      const told = [...images.values()]
      onProgress(
        told.reduce((sum, one) => sum + (one.percent ?? 0), 0),
        told.some((one) => one.estimated)
      )
    }
  } catch (error) {
    throw new GatewayAway('The connection to the server broke.', { cause: error })
  }
  throw new GatewayAway('The server ended the connection.')
}
