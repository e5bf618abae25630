import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ProcessSite, startProcessSite } from '../../tests/support/process-site.ts'
import type { Upstream } from '../upstream.ts'
import type { OpenedTargets, Target, WatchedProcess } from './target.ts'

/** Images at a time: the calls that the busiest closed loop has open. */
export const SLOTS = 16

export interface ClubOptions {
  /** Default: inference.club. */
  name?: string
  /** Added to the gateway's environment, and to the agent's. */
  env?: Record<string, string>
  agentEnv?: Record<string, string>
}

export interface Club extends ProcessSite {
  headers: Record<string, string>
  processes: readonly WatchedProcess[]
  /** As it is called for links, or for base64. */
  target(responseFormat: 'url' | 'b64_json'): Target
}

/** This gateway as `npm ci` builds it, with one agent, in processes of their own and a new folder. */
export async function openClub(upstream: Pick<Upstream, 'url'>, options: ClubOptions = {}): Promise<Club> {
  const site = await startProcessSite({
    seed: 0,
    leaseMs: 30_000,
    imageMs: [0, 0],
    agents: 1,
    slots: SLOTS,
    engineUrl: upstream.url,
    folder: await mkdtemp(join(tmpdir(), 'inference-club-bench-')),
    ...(options.env && { gatewayEnv: options.env }),
    ...(options.agentEnv && { agentEnv: options.agentEnv })
  })
  const headers = { authorization: `Bearer ${site.key}` }
  const processes: WatchedProcess[] = [
    { name: 'gateway', pid: site.gateway.pid() },
    ...site.agents.map((agent) => ({ name: 'agent' as const, pid: agent.pid() }))
  ]
  return {
    ...site,
    headers,
    processes,
    target: (response_format) => ({
      name: `${options.name ?? 'inference.club'}, ${response_format}`,
      baseUrl: `${site.url}/v1`,
      headers,
      fields: { response_format },
      processes
    })
  }
}

/** The gateway twice, as it answers with links and with base64. */
export async function openClubTargets(upstream: Upstream, options: ClubOptions = {}): Promise<OpenedTargets> {
  const club = await openClub(upstream, options)
  return { targets: [club.target('url'), club.target('b64_json')], close: () => club.remove() }
}

/** What the environment says about images in a bucket, as the gateway has it; undefined when it says nothing. */
export function bucketEnv(env: NodeJS.ProcessEnv): Record<string, string> | undefined {
  if (!env.BENCH_STORAGE) return undefined
  const names = { STORAGE: env.BENCH_STORAGE, S3_ENDPOINT: env.BENCH_S3_ENDPOINT, S3_REGION: env.BENCH_S3_REGION }
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, value]) => (value ? [[`INFERENCE_CLUB_${name}`, value]] : []))
  )
}
