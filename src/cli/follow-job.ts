import { SingleBar } from 'cli-progress'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { sleep } from '../lib/async.ts'
import { callGateway, type GatewayAddress, request } from './call-gateway.ts'
import { CommandFailed } from './command-failed.ts'

export interface JobResult {
  data: { url: string; seed: number | null }[]
  warnings?: string[]
}

interface Job {
  status: string
  progress: number
  result?: JobResult
  error?: { message: string }
}

const ENDED = ['PROCESSED', 'FAILED', 'CANCELED']

/**
 * Waits for a job and returns its images, with a progress bar when somebody looks at it. The events only move the
 * bar: whether the job has ended is read from the job itself, also when the stream breaks or the gateway restarts.
 */
export async function followJob(gateway: GatewayAddress, id: string): Promise<JobResult> {
  const bar = openBar()
  try {
    for (;;) {
      await followEvents(gateway, id, bar)
      const job = await callGateway<Job>(gateway, `/v1/jobs/${id}`).catch(async (error: unknown) => {
        await sleep(1000)
        return callGateway<Job>(gateway, `/v1/jobs/${id}`).catch(() => Promise.reject(error as Error))
      })
      bar.update(job.progress)
      if (!ENDED.includes(job.status)) continue
      if (job.result) return job.result
      throw new CommandFailed(job.error?.message ?? `The job ended as ${job.status}.`)
    }
  } finally {
    bar.stop()
  }
}

interface Bar {
  update(percent: number): void
  stop(): void
}

/** Drawn on standard error, and only in a terminal. */
function openBar(): Bar {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {duration_formatted}',
    hideCursor: true,
    stream: process.stderr
  })
  bar.start(100, 0)
  return { update: (percent) => bar.update(percent), stop: () => bar.stop() }
}

async function followEvents({ url, key }: GatewayAddress, id: string, bar: Bar): Promise<void> {
  const response = await request(`${url}/v1/jobs/${id}/events`, { headers: { authorization: `Bearer ${key}` } })
  const images = new Map<number, number>()
  try {
    const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { event, data } of events ?? []) {
      if (event !== 'progress') continue
      const { image, step, steps } = JSON.parse(data) as { image: number; step: number; steps: number }
      images.set(image, steps > 0 ? (step / steps) * 100 : 0)
      bar.update(Math.floor([...images.values()].reduce((sum, one) => sum + one, 0) / images.size))
    }
  } catch {
    await sleep(500) // The stream broke; the job itself tells what became of it.
  }
}
