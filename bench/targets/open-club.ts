import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ProcessSite, startProcessSite } from '../../tests/support/process-site.ts'
import type { Upstream } from '../upstream.ts'
import type { OpenedTargets, Target, WatchedProcess } from './target.ts'

/** Images at a time: the calls that the busiest closed loop has open. */
export const SLOTS = 16

export interface Club extends ProcessSite {
  headers: Record<string, string>
  processes: readonly WatchedProcess[]
}

/** This gateway as `npm ci` builds it, with one agent, in processes of their own and a new folder. */
export async function openClub(
  upstream: Pick<Upstream, 'url'>,
  options: { env?: Record<string, string>; folder?: string } = {}
): Promise<Club> {
  const site = await startProcessSite({
    seed: 0,
    leaseMs: 30_000,
    imageMs: [0, 0],
    agents: 1,
    slots: SLOTS,
    engineUrl: upstream.url,
    folder: options.folder ?? (await mkdtemp(join(tmpdir(), 'inference-club-bench-'))),
    ...(options.env && { gatewayEnv: options.env })
  })
  return {
    ...site,
    headers: { authorization: `Bearer ${site.key}` },
    processes: [
      { name: 'gateway', pid: site.gateway.pid() },
      ...site.agents.map((agent) => ({ name: 'agent' as const, pid: agent.pid() }))
    ]
  }
}

/** The gateway twice, as it answers with links and with base64. */
export async function openClubTargets(
  upstream: Upstream,
  { name, env }: { name: string; env?: Record<string, string> }
): Promise<OpenedTargets> {
  const club = await openClub(upstream, env ? { env } : {})
  const target = (response_format: 'url' | 'b64_json'): Target => ({
    name: `${name}, ${response_format}`,
    baseUrl: `${club.url}/v1`,
    headers: club.headers,
    fields: { response_format },
    processes: club.processes
  })
  return { targets: [target('url'), target('b64_json')], close: () => club.remove() }
}

/** What the environment says about images in a bucket, as the gateway has it; undefined when it says nothing. */
export function bucketEnv(env: NodeJS.ProcessEnv): Record<string, string> | undefined {
  if (!env.BENCH_STORAGE) return undefined
  const names = { STORAGE: env.BENCH_STORAGE, S3_ENDPOINT: env.BENCH_S3_ENDPOINT, S3_REGION: env.BENCH_S3_REGION }
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, value]) => (value ? [[`INFERENCE_CLUB_${name}`, value]] : []))
  )
}
