import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FakeComfyOptions } from './fake-comfyui-server.ts'

export interface FakeComfyProcess {
  url: string
  /** Ends it as a crash does. */
  kill(): Promise<void>
}

/** The fake ComfyUI in a process of its own, as real ones are. */
export async function spawnFakeComfy(options: FakeComfyOptions = {}): Promise<FakeComfyProcess> {
  const main = fileURLToPath(new URL('fake-comfyui-server-main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  return {
    url: (JSON.parse(line) as { url: string }).url,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
      lines.close()
    }
  }
}
