import type { GatewayMessage } from '../../src/protocol/messages.ts'
import type { RawAgent } from '../support/raw-agent.ts'
import { waitFor } from '../support/wait-for.ts'
import type { World } from './target.ts'

type Assignment = Extract<GatewayMessage, { type: 'attempt.assigned' }>

/** Of the agents that misbehave; nobody else asks for it. */
const MODEL = 'fuzzed'

export const sayHello = (agent: RawAgent, name: string): void =>
  agent.send({
    ...{ type: 'agent.hello', protocol: 1, name, agent_version: 'test', attempts: [] },
    services: [
      {
        ...{ name: 'service-0', type: 'image', concurrency: 2, timeout_ms: 20_000, access: 'private' },
        models: [{ id: MODEL, features: ['generate'] }]
      }
    ]
  })

/**
 * Asks for an image and waits up to so long for it to be assigned to the agent. There is no job when nobody offers to make
 * it, and no assignment when the agent is not there to take it.
 */
export async function takeTask(
  { gateway, owner }: World,
  agent: RawAgent,
  withinMs: number
): Promise<{ jobId?: string; assignment?: Assignment }> {
  const before = agent.messages.length
  const json = { model: MODEL, prompt: 'a fox', size: '40x24', async: true }
  const response = await gateway.send('/v1/images/generations', { of: owner, json })
  const { id: jobId } = (await response.json()) as { id?: string }
  if (jobId === undefined) return {}
  const isAssignment = (one: GatewayMessage): one is Assignment => one.type === 'attempt.assigned'
  const assignment = await waitFor(() => agent.messages.slice(before).find(isAssignment), withinMs).catch(
    () => undefined
  )
  return { jobId, ...(assignment && { assignment }) }
}

/** Takes back what nobody will make any more; that it has ended meanwhile is no matter. */
export async function cancelJob({ gateway, owner }: World, jobId: string): Promise<void> {
  const response = await gateway.send(`/v1/jobs/${jobId}/cancel`, { of: owner, json: {} })
  await response.body?.cancel()
}
