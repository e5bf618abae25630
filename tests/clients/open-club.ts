import { FEATURES } from '../../src/images/image-request.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { type JobAnswer, SMALL } from '../support/image-calls.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestUser } from '../support/test-gateway.ts'

/** A club as its users have it: an address that ends in `/v1`, a key, and three models. */
export interface ClientClub {
  baseUrl: string
  /** Somebody new, so that what they asked for can be counted. */
  addUser(options?: { responseDefault: 'b64_json' | 'b64_json_only' }): Promise<TestUser>
  /** What somebody asked for, newest first: a client that repeats work shows here. */
  requestsOf(user: TestUser): Promise<JobAnswer[]>
  close(): Promise<void>
}

/** `demo` makes everything, `gpt-image-1` too and promises base64 by its name, `failing` never makes anything. */
export const MODELS = { demo: 'demo', base64: 'gpt-image-1', failing: 'failing' } as const

export { SMALL }

/** A small photo that an edit can begin with. */
export const photo = (): Promise<Buffer> => plainPng({ width: 64, height: 64 }, [200, 80, 40])

/** The first bytes of every PNG. */
export const isPng = (bytes: Uint8Array): boolean => Buffer.from(bytes).subarray(1, 4).toString() === 'PNG'

export async function openClub(): Promise<ClientClub> {
  const upstream: FakeOpenAIServer = await startFakeOpenAIServer()
  upstream.setBehaviour({ default: 'error_500' })
  const gateway = await startTestGateway()
  const { key } = await gateway.addUser()
  const painted = (id: string) => ({ id, servedAs: 'demo', features: [...FEATURES] })
  await gateway.addAgent({
    key,
    services: [
      { name: 'painter', concurrency: 2, models: [painted(MODELS.demo), painted(MODELS.base64)] },
      {
        name: 'broken',
        engine: 'openai',
        url: upstream.url,
        models: [{ ...painted(MODELS.failing), features: ['generate'] }]
      }
    ]
  })
  return {
    baseUrl: `${gateway.url}/v1`,
    addUser: (options) => gateway.addUser(options),
    requestsOf: async ({ key }) => {
      const answer = await gateway.call('/v1/jobs', { key })
      return ((await answer.json()) as { data: JobAnswer[] }).data
    },
    close: async () => {
      await gateway.close()
      await upstream.close()
    }
  }
}
