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
  const folder = await mkdtemp(join(tmpdir(), 'inference-club-crash-'))
  const dataDir = join(folder, 'data')
  const key = 'ic_crash-suite-0123456789abcdef'
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const engine = await startImageServer(plan)
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
      INFERENCE_CLUB_RATE_LIMIT: '0'
    }
  })
  const agents: MortalProgram[] = []
  for (const name of ['rig-1', 'rig-2']) {
    const config = join(folder, `${name}.yaml`)
    await mkdir(folder, { recursive: true })
    await writeFile(config, agentFile({ name, url, key, engineUrl: engine.url }))
    agents.push(createMortalProgram({ name, args: ['agent', '--config', config], isReady: /"online"/ }))
  }
  const programs = [gateway, ...agents]
  await gateway.start()
  await Promise.all(agents.map((agent) => agent.start()))
  return {
    url,
    key,
    dataDir,
    engineUrl: engine.url,
    gateway,
    agents,
    remove: async () => {
      await Promise.all(programs.map((program) => program.end()))
      await engine.close()
      await rm(folder, { recursive: true })
    }
  }
}

const agentFile = (agent: { name: string; url: string; key: string; engineUrl: string }): string => `
gateway: ${agent.url}
api_key: ${agent.key}
name: ${agent.name}
services:
  - name: images
    type: image
    engine: openai
    url: ${agent.engineUrl}
    concurrency: 2
    timeout: 30s
    models:
      - id: ${MODEL}
        features: [generate, seed]
`

async function startImageServer({ seed, imageMs: [minMs, maxMs] }: SitePlan) {
  const main = fileURLToPath(new URL('flaky-image-server.ts', import.meta.url))
  const options = JSON.stringify({ seed, minMs, maxMs })
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
