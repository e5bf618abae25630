import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { createMortalProgram, type MortalProgram } from './mortal-program.ts'

export const MODEL = 'crash-model'

export interface SitePlan {
  /** Of which calls the image server fails. */
  seed: number
  leaseMs: number
  /** Of one image. */
  imageMs: readonly [number, number]
  /** One call of the image server in so many fails; 0: none. Default: 5. */
  failOneIn?: number
  /** Two unless said otherwise, each with two slots or so many. */
  agents?: number
  slots?: number
  /** Added to the gateway's environment. */
  gatewayEnv?: Record<string, string>
  /** Added to that of each agent. */
  agentEnv?: Record<string, string>
  /** Where agents find the gateway, which listens at `url`, when not there. */
  onTheWay?: (url: string) => Promise<string>
  /** Where all files are; default: a new folder, which goes when the site is removed. */
  folder?: string
  /** An image server that is there already, and stays. */
  engineUrl?: string
}

export interface ProcessSite {
  /** Of the gateway, the same in each of its lives. */
  url: string
  key: string
  dataDir: string
  engineUrl: string
  gateway: MortalProgram
  agents: MortalProgram[]
  /** Ends what still runs and removes every trace. */
  remove(): Promise<void>
}

/** One gateway, two agents of two slots each, and the image server both drive: four processes of their own. */
export async function startProcessSite(plan: SitePlan): Promise<ProcessSite> {
  const folder = plan.folder ?? (await mkdtemp(join(tmpdir(), 'inference-club-crash-')))
  const dataDir = join(folder, 'data')
  const key = 'ic_crash-suite-0123456789abcdef'
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const engine: ImageServer = plan.engineUrl === undefined ? await startImageServer(plan) : { url: plan.engineUrl }
  const gateway = createMortalProgram({
    name: 'gateway',
    args: ['serve'],
    isReady: /running at/,
    env: {
      INFERENCE_CLUB_PORT: String(port),
      INFERENCE_CLUB_DATA_DIR: dataDir,
      INFERENCE_CLUB_BOOTSTRAP_API_KEY: key,
      INFERENCE_CLUB_LIMITS_LEASE: `${plan.leaseMs}ms`,
      INFERENCE_CLUB_LIMITS_QUEUE_PER_USER: '100000',
      INFERENCE_CLUB_RATE_LIMIT: '0',
      ...plan.gatewayEnv
    }
  })
  const agents: MortalProgram[] = []
  const gatewayUrl = (await plan.onTheWay?.(url)) ?? url
  await mkdir(folder, { recursive: true })
  for (let number = 1; number <= (plan.agents ?? 2); number++) {
    const name = `rig-${number}`
    const config = join(folder, `${name}.yaml`)
    await writeFile(config, agentFile({ name, url: gatewayUrl, key, engineUrl: engine.url, slots: plan.slots ?? 2 }))
    const env = plan.agentEnv ?? {}
    agents.push(createMortalProgram({ name, args: ['agent', '--config', config], isReady: /"online"/, env }))
  }
  const site: ProcessSite = {
    url,
    key,
    dataDir,
    engineUrl: engine.url,
    gateway,
    agents,
    remove: async () => {
      await Promise.all([gateway, ...agents].map((program) => program.end()))
      await engine.close?.()
      await rm(folder, { recursive: true })
    }
  }
  try {
    await gateway.start()
    await Promise.all(agents.map((agent) => agent.start()))
  } catch (error) {
    await site.remove()
    throw error
  }
  return site
}

const agentFile = (agent: { name: string; url: string; key: string; engineUrl: string; slots: number }): string => `
gateway: ${agent.url}
api_key: ${agent.key}
name: ${agent.name}
services:
  - name: images
    type: image
    engine: openai
    url: ${agent.engineUrl}
    concurrency: ${agent.slots}
    timeout: 30s
    models:
      - id: ${MODEL}
        features: [generate, edit, seed]
`

interface ImageServer {
  url: string
  /** Absent where it is somebody else's. */
  close?: () => Promise<void>
}

async function startImageServer({ seed, failOneIn, imageMs: [minMs, maxMs] }: SitePlan): Promise<ImageServer> {
  const main = fileURLToPath(new URL('flaky-image-server.ts', import.meta.url))
  const options = JSON.stringify({ seed, minMs, maxMs, failOneIn })
  const child = spawn(process.execPath, [main, options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  return {
    url: (JSON.parse(line) as { url: string }).url,
    close: async () => {
      child.kill('SIGKILL')
      await exited
      lines.close()
    }
  }
}
