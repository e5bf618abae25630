import sharp from 'sharp'
import { generate, getJob, type JobAnswer } from './image-calls.ts'
import { connectRawAgent, type RawAgent } from './raw-agent.ts'
import type { TestGateway, TestUser } from './test-gateway.ts'
import { waitFor } from './wait-for.ts'

const SIZE = { width: 40, height: 24 }
let made = 0

/** A name that nothing else has. */
export const unique = (what: string): string => `${what} ${++made}`

/** A picture of the size that `submit` asks for; each is another. */
export const picture = (format: 'png' | 'jpeg' = 'png'): Promise<Buffer> =>
  sharp({ create: { ...SIZE, channels: 3, background: { r: ++made % 256, g: 20, b: 30 } } })
    .toFormat(format)
    .toBuffer()

/** Asks for an image with `async`; returns the job's id. */
export async function submit(user: TestUser, model: string, fields: Record<string, unknown> = {}): Promise<string> {
  const size = `${SIZE.width}x${SIZE.height}`
  const job: unknown = await generate(user.client, { model, prompt: 'a fox', size, async: true, ...fields })
  return (job as JobAnswer).id
}

/** The job as soon as it has ended. */
export const ended = (user: TestUser, id: string): Promise<JobAnswer> =>
  waitFor(async () => {
    const job = await getJob(user.client, id)
    return ['PROCESSED', 'FAILED', 'CANCELED'].includes(job.status) && job
  })

/** Status and reason code of each attempt, in the order they began. */
export const outcomes = (job: JobAnswer): (string | null)[][] =>
  job.attempts.map(({ status, reason }) => [status, reason?.split(':')[0] ?? null])

/** A service of a raw agent with one slot and this model. */
export const declared = (model: string) => ({ models: [{ id: model, features: ['generate' as const] }] })

/** A raw agent that offers this model. */
export async function connectFor(gateway: TestGateway, user: TestUser, model: string): Promise<RawAgent> {
  const agent = await connectRawAgent({ url: gateway.url, key: user.key })
  await agent.hello({ name: unique('rig'), services: [declared(model)] })
  return agent
}

export const attemptRow = ({ database }: TestGateway, id: string) =>
  database.db.selectFrom('attempts').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

export const assetsOf = ({ database }: TestGateway, requestId: string) =>
  database.db.selectFrom('assets').selectAll().where('request_id', '=', requestId).execute()

export const usageOf = ({ database }: TestGateway, requestId: string) =>
  database.db.selectFrom('usage_images').selectAll().where('request_id', '=', requestId).execute()
