import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import { FEATURES } from '../../src/images/image-request.ts'
import type { FakeBehaviour } from './fake-openai-behaviours.ts'
import { type FakeRequest, startFakeOpenAIServer } from './fake-openai-server.ts'
import { jobCalls } from './job-calls.ts'
import type { TestGateway, TestUser } from './test-gateway.ts'

/** A model that the fake image server makes up, behind an agent of its own. */
export interface FakeModel {
  id: string
  /** What the image server was asked for of this model, oldest first. */
  received(): FakeRequest[]
  /** How the next calls are answered, one each; afterwards well. */
  answers(...behaviours: FakeBehaviour[]): void
}

export interface FakeModels {
  /** Somebody new with a model of their own, and the calls of `/v1/jobs`. */
  newcomer(): Promise<{ user: TestUser; model: FakeModel; jobs: ReturnType<typeof jobCalls> }>
  add(owner: { key: string }, service?: Partial<AgentServiceConfig>): Promise<FakeModel>
  close(): Promise<void>
}

let made = 0

/** As many models as tests want on one fake image server, so that no test disturbs another. */
export async function startFakeModels(gateway: TestGateway): Promise<FakeModels> {
  const server = await startFakeOpenAIServer({ defaultSize: { width: 32, height: 32 } })
  const coming = new Map<string, FakeBehaviour[]>()
  const modelOf = ({ json, form }: FakeRequest) => String(json?.model ?? form?.fields.model)
  server.setBehaviour({ choose: (request) => coming.get(modelOf(request))?.shift() })
  const add: FakeModels['add'] = async ({ key }, service = {}) => {
    const id = `fake-model-${++made}`
    const models = [{ id, servedAs: id, features: [...FEATURES] }]
    const offer = { name: `service of ${id}`, engine: 'openai', url: server.url, models, ...service }
    await gateway.addAgent({ key, name: `agent of ${id}`, services: [offer] })
    return {
      id,
      received: () => server.requests.filter((request) => modelOf(request) === id),
      answers: (...behaviours) => void coming.set(id, behaviours)
    }
  }
  return {
    add,
    newcomer: async () => {
      const user = await gateway.addUser()
      return { user, model: await add(user), jobs: jobCalls(gateway, user) }
    },
    close: () => server.close()
  }
}
