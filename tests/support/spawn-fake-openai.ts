import type { FakeOpenAIOptions, FakeRequest, FakeSettings } from './fake-openai-server.ts'
import { spawnFake } from './spawn-fake.ts'

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
  const { url, control, close } = await spawnFake('fake-openai-server-main.ts', options)
  return {
    url,
    setBehaviour: control,
    requestsWith: async (text) => {
      const requests = (await (await fetch(`${url}/__requests`)).json()) as FakeRequest[]
      return requests.filter(({ json, form }) => String(json?.prompt ?? form?.fields.prompt ?? '').includes(text))
    },
    close
  }
}
