import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { inBackground } from '../lib/async.ts'
import { explainAnswer, explainError } from './explain-connection.ts'
import { beginningOf } from './gateway-link.ts'

/** A person waits for it. */
const JUDGED_WITHIN_MS = 5000

/**
 * What a gateway says of a key, as a sentence for whoever gave it. `refused`: with this key no agent will ever be let in;
 * `elsewhere`: there is no gateway at this address; `away`: nobody can know it now.
 */
export type KeyVerdict = { is: 'good' } | { is: 'refused' | 'elsewhere' | 'away'; why: string }

/**
 * Asks the gateway whether an agent with this key would be let in, and offers it nothing. `otherKey`: as of `explainKey`. What a
 * server says is told without the key in it.
 */
export function judgeKey({
  gateway,
  apiKey,
  otherKey
}: {
  gateway: string
  apiKey: string
  otherKey?: string
}): Promise<KeyVerdict> {
  return new Promise((resolve) => {
    const unreached = (error: unknown) => resolve({ is: 'away', why: explainError(error, gateway) })
    const socket = new WebSocket(`${gateway.replace(/^http/, 'ws')}/api/agent/connect`, {
      headers: { authorization: `Bearer ${apiKey}` }
    })
    let answering: IncomingMessage | undefined
    // A limit of all of it: one of silence is never reached by a server that sends a byte now and then.
    const tooLate = setTimeout(() => {
      if (answering) return answering.destroy() // What has come of it is judged.
      unreached(new Error('timed out'))
      socket.terminate()
    }, JUDGED_WITHIN_MS)
    socket.on('close', () => clearTimeout(tooLate))
    socket.on('open', () => {
      resolve({ is: 'good' })
      socket.close()
    })
    socket.on('unexpected-response', (_request, response) => {
      answering = response
      const { statusCode: status = 0, headers } = response
      const withoutKey = (text: string) => text.replaceAll(apiKey, '…')
      const judge = (body: string) => {
        const location = headers.location === undefined ? {} : { location: withoutKey(headers.location) }
        const answer = { status, body: withoutKey(body), ...location }
        const { text: why, isFinal } = explainAnswer(answer, gateway, otherKey)
        resolve({ is: isFinal === 'yes' ? 'refused' : isFinal === 'no' ? 'away' : 'elsewhere', why })
        socket.terminate()
      }
      inBackground(beginningOf(response).then(judge), unreached)
    })
    socket.on('error', unreached)
  })
}
