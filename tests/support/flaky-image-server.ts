/**
 * An image server that is as slow as asked and fails one call in five, or in `failOneIn`, or none when that is 0:
 * `node flaky-image-server.ts '{"seed":1,"minMs":100,"maxMs":300}'` prints `{"url":"http://127.0.0.1:…"}`.
 * `GET /__requests` lists the calls; `behaviour` tells what became of each.
 */
import { type FakeRequest, startFakeOpenAIServer } from './fake-openai-server.ts'
import { callKey } from './engine-calls.ts'
import { createRandom } from './seeded-random.ts'

/** A third would end the image for good, which is right, but nothing that a crash suite can tell from a loss. */
const MOST_FAILURES_OF_ONE = 2

interface Options {
  seed: number
  minMs: number
  maxMs: number
  failOneIn?: number
}

const { seed, minMs, maxMs, failOneIn = 5 } = JSON.parse(process.argv[2] ?? '{}') as Options
const random = createRandom(seed)
const failures = new Map<string, number>()
let calls = 0
let owed = 0

const server = await startFakeOpenAIServer()
server.setBehaviour({
  choose: (request: FakeRequest & { failed?: boolean }) => {
    const key = callKey(request)
    const delayMs = random.between(minMs, maxMs)
    calls += 1
    if (calls % failOneIn === 0) owed += 1
    const failed = failures.get(key) ?? 0
    if (owed === 0 || failed >= MOST_FAILURES_OF_ONE) return { name: 'slow', delayMs }
    owed -= 1
    failures.set(key, failed + 1)
    request.failed = true
    return 'error_500'
  }
})
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
