import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface FakeProcess<Settings, State> {
  url: string
  pid: number
  control(settings: Settings): Promise<void>
  state(): Promise<State>
  close(): Promise<void>
}

/** A fake image server in a process of its own, as real ones are; `main` names its file, seen from this folder. */
export async function spawnFake<Settings, State>(
  main: string,
  options: object = {}
): Promise<FakeProcess<Settings, State>> {
  const path = fileURLToPath(new URL(main, import.meta.url))
  const child = spawn(process.execPath, [path, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  return {
    url,
    pid: child.pid ?? 0,
    control: async (settings) => {
      await fetch(`${url}/__control`, { method: 'POST', body: JSON.stringify(settings) })
    },
    state: async () => (await (await fetch(`${url}/__state`)).json()) as State,
    close: async () => {
      child.kill('SIGKILL')
      await exited
      lines.close()
    }
  }
}
