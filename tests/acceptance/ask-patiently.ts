import { sleep } from '../../src/lib/async.ts'

/** As often as a call is sent again; limits are per minute, so that more than this is no limit of calls any more. */
const MOST_WAITS = 5
const LONGEST_WAIT_MS = 60_000

/**
 * The answer of `ask`, which is asked again, as good clients do, for as long as it is told that there were too many calls and
 * when to come back. What is not to be asked again (`x-should-retry: false`, as with a used-up quota) is an answer like any other.
 */
export async function askPatiently<T extends { status: number; headers: Headers }>(
  ask: () => Promise<T>,
  onWait: (ms: number) => void = () => {}
): Promise<T> {
  for (let waits = 0; ; waits++) {
    const answer = await ask()
    const ms = answer.status === 429 && waits < MOST_WAITS ? adviceOf(answer.headers) : undefined
    if (ms === undefined) return answer
    onWait(ms)
    await sleep(ms)
  }
}

/** For how long a refusal asks to be left alone; undefined when it does not say so, or not for so short that it is worth it. */
function adviceOf(headers: Headers): number | undefined {
  if (headers.get('x-should-retry') === 'false') return undefined
  const exact = headers.get('retry-after-ms')
  const ms = exact === null ? Number(headers.get('retry-after') ?? NaN) * 1000 : Number(exact)
  return ms > 0 && ms <= LONGEST_WAIT_MS ? ms : undefined
}
