import fc, { type Arbitrary } from 'fast-check'
import { once } from 'node:events'
import { AGENT_MESSAGES, CLOSE_CODES } from '../../src/protocol/messages.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { HOSTILE_TEXTS, valueFor } from './hostile-values.ts'
import { jsonText } from './json-text.ts'
import type { Schema } from './sound-values.ts'
import type { Fuzzing, Target, World } from './target.ts'
import { cancelJob, sayHello, takeTask } from './take-task.ts'

export type Step =
  { do: 'say'; text: string } | { do: 'say bytes'; bytes: Uint8Array } | { do: 'ping' | 'hello' | 'take a task' }

export interface Conversation {
  beginsWithHello: boolean
  steps: Step[]
}

const WITHIN_MS = 10_000
/** What a gateway closes with when it is the agent that is at fault, or goes: RFC 6455 and ours. */
const EXPECTED_CODES: readonly number[] = [
  ...[1000, 1002, 1003, 1005, 1006, 1007, 1008, 1009],
  ...[CLOSE_CODES.protocol, CLOSE_CODES.leaving, CLOSE_CODES.replaced]
]

/** What an agent that means well would say; `@attempt@` and `@token@` are those of its latest task. */
const usual = {
  protocol: fc.constant(1),
  attempt_id: fc.constant('@attempt@'),
  id: fc.constantFrom('@attempt@', 'fuzzed'),
  token: fc.constant('@token@'),
  name: fc.constantFrom('rig', 'service-0'),
  service: fc.constant('service-0'),
  b64_json: fc.constantFrom('', 'AAAA', 'iVBORw0KGgo=', '!')
}

const message: Arbitrary<string> = fc.oneof(
  ...Object.values(AGENT_MESSAGES).map((schema) => jsonText(valueFor(schema as Schema, usual)))
)

const step: Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: message.map((text) => ({ do: 'say' as const, text })) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_TEXTS).map((text) => ({ do: 'say' as const, text })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ do: 'say bytes' as const, bytes })) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'ping' }, { do: 'hello' }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'take a task' }) }
)

/** Whatever an agent of a member says, in any order and before it has said hello, is heard or ends its own connection. */
export const fuzzConversations = (target: Target): Fuzzing<Conversation> => ({
  cases: fc.record({
    beginsWithHello: fc.nat(3).map((chance) => chance > 0),
    steps: fc.array(step, { minLength: 1, maxLength: 8 })
  }),
  run: async ({ beginsWithHello, steps }) => {
    const world = await target.current()
    const agent = await connectRawAgent({ url: world.gateway.url, key: world.owner.key })
    const jobs: string[] = []
    try {
      if (beginsWithHello) await greet(agent)
      for (const one of steps) {
        await take(one, { agent, world, jobs })
        if (one.do !== 'take a task') target.tally.messages += 1
      }
      await heard(agent)
    } finally {
      await agent.close()
      for (const id of jobs) await cancelJob(world, id)
    }
    const code = await agent.closed
    if (!EXPECTED_CODES.includes(code)) throw new Error(`the gateway closed with ${code}`)
  }
})

async function take(
  one: Step,
  { agent, world, jobs }: { agent: RawAgent; world: World; jobs: string[] }
): Promise<void> {
  switch (one.do) {
    case 'say':
      return agent.socket.send(filled(one.text, agent))
    case 'say bytes':
      return agent.socket.send(one.bytes)
    case 'ping':
      return agent.socket.ping()
    case 'hello':
      return greet(agent)
    case 'take a task': {
      // Whether it is there to take it depends on what was said before.
      const { jobId } = await takeTask(world, agent, 60)
      if (jobId !== undefined) jobs.push(jobId)
    }
  }
}

function filled(text: string, { messages }: RawAgent): string {
  const task = messages.findLast(({ type }) => type === 'attempt.assigned')
  const { attempt_id = 'att_none', token = 'none' } = (task ?? {}) as { attempt_id?: string; token?: string }
  return text.replaceAll('@attempt@', attempt_id).replaceAll('@token@', token)
}

async function greet(agent: RawAgent): Promise<void> {
  sayHello(agent, 'rig')
  await heard(agent)
}

/** Waits until the gateway has answered a ping, or hung up. Throws when it does neither. */
async function heard({ socket, closed }: RawAgent): Promise<void> {
  if (socket.readyState !== socket.OPEN) return void (await closed)
  const answered = once(socket, 'pong', { signal: AbortSignal.timeout(WITHIN_MS) })
  answered.catch(() => undefined) // When it hangs up nobody waits for the pong.
  socket.ping()
  await Promise.race([answered, closed])
}
