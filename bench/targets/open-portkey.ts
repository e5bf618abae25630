import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../tests/support/free-port.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import type { Upstream } from '../upstream.ts'
import type { OpenedTargets } from './target.ts'

const PROGRAM = fileURLToPath(new URL('../node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url))

/** Undefined where its packages are not installed, as without a network. */
export async function openPortkey(upstream: Upstream): Promise<OpenedTargets | undefined> {
  if (!existsSync(PROGRAM)) return undefined
  const port = await freePort()
  const portkey = spawn(process.execPath, [PROGRAM, `--port=${port}`, '--headless'], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  try {
    await waitFor(async () => (await fetch(url).catch(() => undefined)) !== undefined, 30_000)
  } catch (error) {
    await end(portkey)
    throw error
  }
  const headers = {
    authorization: 'Bearer sk-bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream.url}/v1`
  }
  const target = {
    name: 'Portkey',
    baseUrl: `${url}/v1`,
    headers,
    fields: { response_format: 'b64_json' as const },
    processes: [{ name: 'gateway' as const, pid: portkey.pid ?? 0 }]
  }
  return { targets: [target], close: () => end(portkey) }
}

async function end(portkey: ChildProcess): Promise<void> {
  const exited = once(portkey, 'exit')
  if (portkey.kill('SIGKILL')) await exited
}
