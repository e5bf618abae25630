import fc, { type Arbitrary } from 'fast-check'
import { AttemptResult, RESULT_HEADER } from '../../src/protocol/messages.ts'
import { picture } from '../support/agent-work.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { valueFor } from './hostile-values.ts'
import { jsonText } from './json-text.ts'
import { faultOf } from './judge-answer.ts'
import { sendRawCall } from './send-raw-call.ts'
import type { Schema } from './sound-values.ts'
import { cancelJob, sayHello, takeTask } from './take-task.ts'
import { countAnswer, type Fuzzing, type Target } from './target.ts'

/** What an agent delivers for a task that it has accepted. */
export interface Delivery {
  /** The JSON of the header. */
  result: string
  /** How the header holds it. */
  coding: 'base64url' | 'base64' | 'as it is' | 'cut' | 'none'
  mediaType: string
  body: 'picture' | 'half a picture' | 'picture and more' | 'nothing' | '<svg/>'
}

const WITHIN_MS = 10_000

const delivery: Arbitrary<Delivery> = fc.record({
  result: jsonText(valueFor(AttemptResult as unknown as Schema)),
  coding: fc.oneof(
    { weight: 9, arbitrary: fc.constant('base64url' as const) },
    { weight: 1, arbitrary: fc.constantFrom('base64' as const, 'as it is', 'cut', 'none') }
  ),
  mediaType: fc.oneof(
    { weight: 9, arbitrary: fc.constant('image/png') },
    { weight: 1, arbitrary: fc.constantFrom('image/jpeg', 'text/html', '', 'a/b; c=d', 'multipart/form-data') }
  ),
  body: fc.oneof(
    { weight: 9, arbitrary: fc.constant('picture' as const) },
    { weight: 1, arbitrary: fc.constantFrom('half a picture' as const, 'picture and more', 'nothing', '<svg/>') }
  )
})

/** Whatever is said of an image that is delivered, it is taken or refused, and whoever asked for it still sees their jobs. */
export const fuzzResults = (target: Target): Fuzzing<Delivery> => ({
  cases: delivery,
  run: async (one) => {
    const world = await target.current()
    const { gateway, owner } = world
    const { tally } = target
    // Each by a machine of its own: one that has failed a few times is given no work for a while.
    const agent = await connectRawAgent({ url: gateway.url, key: owner.key })
    sayHello(agent, `rig-${tally.results % 5000}`)
    await agent.received('gateway.welcome')
    const { jobId, assignment } = await takeTask(world, agent, WITHIN_MS)
    try {
      if (jobId === undefined || !assignment) {
        const job = jobId !== undefined && (await gateway.call(`/v1/jobs/${jobId}`, { of: owner }))
        throw new Error(`the agent was given no task: ${JSON.stringify(job)}`)
      }
      const bytes = bodyOf(one, await picture())
      const call = {
        method: 'PUT',
        target: `/api/agent/attempts/${assignment.attempt_id}/image`,
        headers: [
          ['authorization', `Bearer ${assignment.token}`],
          ['content-type', one.mediaType],
          ['content-length', String(bytes.length)],
          ...(one.coding === 'none' ? [] : [[RESULT_HEADER, headerOf(one)] as const])
        ] as const,
        body: bytes
      }
      const answer = await sendRawCall(gateway.url, call, WITHIN_MS)
      tally.results += 1
      if (answer) countAnswer(tally, answer)
      const fault = answer ? faultOf(answer, call) : 'there is no answer'
      if (fault !== undefined) throw new Error(`${fault}: ${answer?.status} ${answer?.text.slice(0, 1000)}`)
      await gateway.call(`/v1/jobs/${jobId}`, { of: owner })
      await gateway.call('/v1/jobs?limit=1', { of: owner })
    } finally {
      if (jobId !== undefined) await cancelJob(world, jobId)
      await agent.close()
    }
  }
})

function headerOf({ result, coding }: Delivery): string {
  const bytes = Buffer.from(result)
  switch (coding) {
    case 'as it is':
      return result.slice(0, 4000)
    case 'cut':
      return bytes.toString('base64url').slice(0, -3)
    case 'base64':
      return bytes.toString('base64')
    default:
      return bytes.toString('base64url')
  }
}

function bodyOf({ body }: Delivery, png: Buffer): Buffer {
  switch (body) {
    case 'picture':
      return png
    case 'half a picture':
      return png.subarray(0, png.length / 2)
    case 'picture and more':
      return Buffer.concat([png, png])
    case 'nothing':
      return Buffer.alloc(0)
    case '<svg/>':
      return Buffer.from(body)
  }
}
