import fc from 'fast-check'
import { findProblemsAfterwards } from './find-problems-afterwards.ts'
import { fuzzCalls } from './fuzz-calls.ts'
import { fuzzConversations } from './fuzz-conversations.ts'
import { fuzzResults } from './fuzz-results.ts'
import { operationsOf } from './routes.ts'
import { createTarget, type Fuzzing, type Tally, type Target } from './target.ts'

/** What is fuzzed: calls over HTTP, what agents say, and what they tell of images they deliver. */
export const KINDS = ['calls', 'conversations', 'results'] as const
export type Kind = (typeof KINDS)[number]

export interface Fuzz {
  seed: number
  /** How many cases of each kind; the same seed has the same cases in the same order. */
  rounds: Partial<Record<Kind, number>>
  /** Ends each kind after its share of them, however many cases are left. */
  seconds?: number
  /** Only the case of this path, as a problem names it. */
  path?: string
}

export interface FuzzReport {
  problems: string[]
  tally: Tally
  seconds: number
  /** Bytes in use of the gateway's heap and buffers, before and afterwards. */
  heldBytes: [before: number, after: number]
}

const SHARES: Record<Kind, number> = { calls: 0.55, conversations: 0.25, results: 0.2 }
/** What a gateway may hold longer than the cases: caches that fill, code that is compiled. */
const MAY_KEEP_BYTES = 48 * 2 ** 20
const LONGEST_CASE_CHARS = 3000

/**
 * Sends a gateway what nobody should and judges how it bears it. A problem is an answer that is missing, late, 5xx or of
 * another shape than the API promises; a process that ends; anything it logs as its own fault; memory that does not
 * return; and an honest caller who is not served afterwards. Each comes with the smallest input found that shows it.
 */
export async function fuzzGateway({ seed, rounds, seconds, path }: Fuzz): Promise<FuzzReport> {
  const began = performance.now()
  const target = await createTarget()
  try {
    const { gateway } = await target.current()
    const checks: Record<Kind, (options: Options) => Promise<string | undefined>> = {
      calls: (options) => check(fuzzCalls(target, operationsOf(gateway.routes)), target, options),
      conversations: (options) => check(fuzzConversations(target), target, options),
      results: (options) => check(fuzzResults(target), target, options)
    }
    const { heldBytes: before } = await gateway.ask('settle')
    const problems: string[] = []
    for (const kind of KINDS.filter((one) => rounds[one] !== undefined)) {
      const limit = seconds !== undefined && { interruptAfterTimeLimit: seconds * SHARES[kind] * 1000 }
      const found = await checks[kind]({
        ...{ seed, numRuns: rounds[kind]!, ...limit, ...(path !== undefined && { path }) }
      })
      if (found !== undefined) problems.push(`${kind}: ${found} of seed ${seed}`)
    }
    const { gateway: last } = await target.current()
    problems.push(...(await findProblemsAfterwards(target)))
    const { heldBytes: after, running } = await last.ask('settle')
    // What waits for a machine that has gone may wait.
    if (running > 0) problems.push('work is left that nobody does')
    if (last === gateway && after - before > MAY_KEEP_BYTES) problems.push('the memory has not returned')
    problems.push(...target.takeFaults())
    return { problems, tally: target.tally, seconds: (performance.now() - began) / 1000, heldBytes: [before, after] }
  } finally {
    await target.close()
  }
}

interface Options {
  seed: number
  numRuns: number
  interruptAfterTimeLimit?: number
  path?: string
}

/** The first case that fails, made as small as possible, and why; undefined when all hold. */
async function check<Case>(
  { cases, run }: Fuzzing<Case>,
  target: Target,
  options: Options
): Promise<string | undefined> {
  const judge = async (one: Case) => {
    await run(one)
    const faults = target.takeFaults()
    if (faults.length > 0) throw new Error(faults.join('\n'))
  }
  let running: Promise<void> | undefined
  const details = await fc.check(
    fc.asyncProperty(cases, (one) => (running = judge(one))),
    options
  )
  // When the time is over it is not waited for, and would get in the way of what comes next.
  await running?.catch(() => undefined)
  if (!details.failed || details.counterexample === null) return undefined
  const shown = fc.stringify(details.counterexample[0])
  const cut = shown.length > LONGEST_CASE_CHARS ? `${shown.slice(0, LONGEST_CASE_CHARS)}…` : shown
  return `${String(details.errorInstance)}\n${cut}\npath ${details.counterexamplePath}`
}
