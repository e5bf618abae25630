import { EngineError } from '../engine.ts'
import { faultOfAnswer, isSuccess } from '../upstream-fault.ts'
import type { UpstreamHttp } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'

/**
 * Has a server of several programs start the one of a model: whatever is asked of it, it is started first and then asked, and
 * what it answers to that is no matter. https://github.com/mostlygeek/llama-swap. Throws `EngineError`.
 */
export async function loadByName(http: UpstreamHttp, model: string, signal: AbortSignal): Promise<void> {
  const path = model.split('/').map(encodeURIComponent).join('/')
  const answer = await http.get(`/upstream/${path}/`, signal)
  if (isSuccess(answer)) return
  // A program that has no such page is there as well.
  const { running } = members(parseJson((await http.get('/running', signal)).body))
  const states = (Array.isArray(running) ? (running as unknown[]) : []).map(members)
  if (states.some((one) => one.model === model && one.state === 'ready')) return
  if ([400, 404].includes(answer.status)) throw new EngineError('model_missing', 'The image server lacks the model.')
  throw faultOfAnswer(answer, { secrets: http.secrets, call: 'images' })
}
