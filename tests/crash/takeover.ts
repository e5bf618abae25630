import { expect } from 'vitest'
import { sleep } from '../../src/lib/async.ts'
import { drawGenerated } from '../support/fake-openai-pictures.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { type AcceptedJob, type CallerParts, submitJob } from '../support/patient-callers.ts'

const MODEL = 'takeover-model'

/**
 * An agent falls silent in the middle of its delivery; when its lease has lapsed another one takes the image over, and
 * only then the first goes on: tells that it failed, and delivers to the end. Nothing of that may count. Resolves with
 * the job, which has the image of the second, when the gateway has answered as it must.
 */
export async function playTakeover(parts: CallerParts, prompt: string): Promise<AcceptedJob> {
  const first = await connectAs(parts, 'first')
  const [job, assigned] = await Promise.all([
    submitJob({ ...parts, model: MODEL }, { prompt, n: 1 }),
    first.received('attempt.assigned')
  ])
  const { attempt_id: id, token, task } = assigned
  const image = await drawGenerated({ size: { width: 64, height: 64 }, seed: task.seed, format: 'png', prompt })
  const slow = inTwoParts(image)
  const late = first.put(id, { token, body: slow.body, result: { seed: task.seed } })
  await first.close()

  const heir = await connectAs(parts, 'heir')
  const beating = setInterval(() => heir.send({ type: 'agent.heartbeat' }), 500)
  const inherited = await heir.received('attempt.assigned')

  const back = await connectRawAgent(parts)
  const { gone } = await back.hello({ name: 'first', attempts: [{ id, token }] })
  expect(gone, 'what the first agent is told of its attempt').toEqual([id])
  back.send({ type: 'attempt.failed', attempt_id: id, token, fault: 'crashed', message: 'It crashed after all.' })
  await sleep(100)
  slow.finish()
  expect((await late).status, 'the answer to its late delivery').toBe(409)

  for (const time of ['first', 'second']) {
    const { attempt_id, token: heirs } = inherited
    const answer = await heir.put(attempt_id, { token: heirs, body: image, result: { seed: task.seed } })
    expect(answer.status, `the answer to the ${time} delivery of the heir`).toBe(200)
  }
  clearInterval(beating)
  await Promise.all([back.close(), heir.close()])
  return job
}

async function connectAs(parts: CallerParts, name: string): Promise<RawAgent> {
  const agent = await connectRawAgent(parts)
  await agent.hello({ name, services: [{ models: [{ id: MODEL, features: ['generate'] }] }] })
  return agent
}

/** A body that stops in the middle until `finish`. */
function inTwoParts(bytes: Buffer): { body: ReadableStream; finish: () => void } {
  const middle = Math.floor(bytes.length / 2)
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const body = new ReadableStream({
    start: async (controller) => {
      controller.enqueue(bytes.subarray(0, middle))
      await promise
      controller.enqueue(bytes.subarray(middle))
      controller.close()
    }
  })
  return { body, finish: () => resolve(undefined) }
}
