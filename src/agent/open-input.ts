import { EngineError } from '../engines/engine.ts'
import { sleep, withJitter } from '../lib/async.ts'
import { readAnswer } from './read-answer.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000

/**
 * The bytes of a source image or mask. While the gateway is away it is asked again: that is not this machine's fault
 * and must not end the attempt. Redirects are not followed: the lease token is for this gateway alone. Throws `EngineError`
 * when the gateway says no or sends more than `maxBytes`, and what `signal` aborts with.
 */
export async function openInput(input: {
  url: string
  token: string
  maxBytes: number
  signal: AbortSignal
}): Promise<Buffer> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const answer = await get(input)
    if (answer?.ok) return answer.bytes
    if (answer && answer.status >= 300 && answer.status < 500) {
      throw new EngineError('crashed', 'The source image could not be fetched from the gateway.')
    }
    await sleep(withJitter(pause, 0.3), input.signal)
  }
}

/** Undefined when there was no whole answer. */
async function get({ url, token, maxBytes, signal }: Parameters<typeof openInput>[0]) {
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, redirect: 'manual', signal })
    return { ok: response.ok, status: response.status, bytes: await readAnswer(response, maxBytes) }
  } catch (error) {
    if (signal.aborted || error instanceof EngineError) throw error
    return undefined // No connection, or one that broke: the next try tells.
  }
}
