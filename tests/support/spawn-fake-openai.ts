import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FakeOpenAIOptions, FakeRequest, FakeSettings } from './fake-openai-server.ts'

export interface FakeOpenAIProcess {
  /** `http://127.0.0.1:port`, without `/v1`. */
  url: string
  setBehaviour(settings: Omit<FakeSettings, 'choose'>): Promise<void>
  /** Image calls whose prompt contains the text, oldest first. */
  requestsWith(text: string): Promise<FakeRequest[]>
  close(): Promise<void>
}

/** The fake image server in a process of its own, as real ones are. */
export async function spawnFakeOpenAI(options: Omit<FakeOpenAIOptions, 'port'> = {}): Promise<FakeOpenAIProcess> {
  const main = fileURLToPath(new URL('fake-openai-server-main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  return {
    url,
    setBehaviour: async (settings) => {
      await fetch(`${url}/__control`, { method: 'POST', body: JSON.stringify(settings) })
    },
    requestsWith: async (text) => {
      const requests = (await (await fetch(`${url}/__requests`)).json()) as FakeRequest[]
      return requests.filter(({ json, form }) => String(json?.prompt ?? form?.fields.prompt ?? '').includes(text))
    },
    close: async () => {
      child.kill()
      await exited
      lines.close()
    }
  }
}
