import type { GatewayMessage, ServiceDeclaration } from '../../src/protocol/messages.ts'
import { plainPng } from './pictures.ts'
import { connectRawAgent, type Delivery, type RawAgent } from './raw-agent.ts'
import { waitFor } from './wait-for.ts'

export type Assigned = Extract<GatewayMessage, { type: 'attempt.assigned' }>

/** An agent that takes work and finishes it when the test says so. */
export interface HandWorker {
  agent: RawAgent
  /** Everything it was given so far, in that order. */
  assigned(): Assigned[]
  /** What it is given next, waiting for it when it must; each once. */
  next(): Promise<Assigned>
  /** Delivers the image of an attempt: 32 × 32 pixels unless the delivery says otherwise. */
  finish(attempt: Assigned, delivery?: Partial<Delivery>): Promise<void>
  close(): Promise<void>
}

const HEARTBEAT_EVERY_MS = 5000
let made = 0

export async function startHandWorker(
  gateway: { url: string },
  worker: { key: string; name?: string; services: Partial<ServiceDeclaration>[]; accepts?: string[] }
): Promise<HandWorker> {
  const agent = await connectRawAgent({ url: gateway.url, key: worker.key })
  await agent.hello({
    name: worker.name ?? `worker-${++made}`,
    services: worker.services,
    ...(worker.accepts && { accepts: worker.accepts })
  })
  const picture = await plainPng({ width: 32, height: 32 }, [200, 40, 40])
  const assigned = () => agent.messages.filter((message): message is Assigned => message.type === 'attempt.assigned')
  const beating = setInterval(() => agent.send({ type: 'agent.heartbeat' }), HEARTBEAT_EVERY_MS)
  agent.socket.once('close', () => clearInterval(beating))
  let taken = 0
  return {
    agent,
    assigned,
    next: async () => {
      const place = taken++
      return waitFor(() => assigned()[place])
    },
    finish: async ({ attempt_id: id, token }, delivery = {}) => {
      const response = await agent.put(id, { token, body: picture, ...delivery })
      if (response.status !== 200) throw new Error(`the image was answered ${response.status}`)
      await response.body?.cancel()
    },
    close: () => agent.close()
  }
}
