import { EngineError } from '../engines/engine.ts'
import { type GatewayTransfers, isRefusal } from './gateway-transfers.ts'

/**
 * The bytes of a source image or mask. While the gateway is away it is asked again: that is not this machine's fault
 * and must not end the attempt. Throws `EngineError` when the gateway says no or sends more than `maxBytes`, and what
 * `signal` aborts with.
 */
export function openInput(input: {
  transfers: GatewayTransfers
  url: string
  token: string
  maxBytes: number
  signal: AbortSignal
}): Promise<Buffer> {
  const { transfers, url, token, maxBytes, signal } = input
  const headers = { authorization: `Bearer ${token}` }
  return transfers.repeat({ method: 'GET', url, headers, maxAnswerBytes: maxBytes, signal }, (answer) => {
    if (!answer) return undefined
    if (answer.status >= 200 && answer.status < 300) return answer.bytes
    if ((answer.status >= 300 && answer.status < 400) || isRefusal(answer)) {
      throw new EngineError('crashed', 'The source image could not be fetched from the gateway.')
    }
    return undefined
  })
}
