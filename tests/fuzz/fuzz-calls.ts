import { anyCall } from './any-call.ts'
import type { HttpCase } from './http-case.ts'
import { faultOf } from './judge-answer.ts'
import { rawCallOf } from './raw-call-of.ts'
import type { Operation } from './routes.ts'
import { sendRawCall } from './send-raw-call.ts'
import { countAnswer, type Fuzzing, type Target } from './target.ts'

/** Longer no answer takes, small as the pictures are. */
const ANSWER_WITHIN_MS = 10_000

/** Every call is answered, in time and as the API promises. */
export const fuzzCalls = (target: Target, operations: readonly Operation[]): Fuzzing<HttpCase> => ({
  cases: anyCall(operations),
  run: async (one) => {
    const world = await target.current()
    const call = rawCallOf(one, world)
    const began = performance.now()
    const answer = await sendRawCall(world.gateway.url, call, ANSWER_WITHIN_MS)
    const { tally } = target
    tally.calls += 1
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - began)
    if (answer === undefined) {
      if (mayGoUnanswered(one)) return
      throw new Error('there is no answer')
    }
    countAnswer(tally, answer)
    const fault = faultOf(answer, call)
    if (fault !== undefined) throw new Error(`${fault}: ${answer.status} ${answer.text.slice(0, 1000)}`)
    if (answer.status === 401 && (one.caller === 'member' || one.caller === 'admin')) target.renew()
  }
})

/** A request that ends in its middle is none, and neither is one whose headers say that something else begins. */
const mayGoUnanswered = ({ cut, headers }: HttpCase): boolean =>
  cut !== undefined ||
  headers.some(([name]) => ['content-length', 'transfer-encoding', 'upgrade', 'expect'].includes(name))
