import { askForImages, type Asking } from './ask-for-images.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

/** A club in use, for looking at every page: people, providers, pictures made, pictures being made, failures. */
export interface Stage {
  gateway: TestGateway
  url: string
  /** An admin. */
  ada: TestPerson
  /** A member with a provider, and a request that is nobody else's business. */
  ben: TestPerson
  /** A member who has only finished pictures. */
  mara: TestPerson
  /** Ada's requests, by what they show. */
  requests: { done: string; edited: string; failed: string; canceled: string; running: string; waiting: string }
  bensRequest: string
  /** The id of Ada's. */
  provider: string
  /** The id of Ben's, on which images failed. */
  faultyProvider: string
  close(): Promise<void>
}

const PROMPTS: readonly Omit<Asking, 'model'>[] = [
  { prompt: 'a red fox in the snow at sunrise', size: '1152x896', n: 2 },
  { prompt: 'a lighthouse above a stormy sea at dusk', size: '896x1152' },
  { prompt: 'dunes under a huge moon, long shadows', size: '1344x768' },
  { prompt: 'aurora over a frozen lake', size: '1024x1024' },
  { prompt: 'a city by night, neon in the rain', size: '768x1344' },
  { prompt: 'a meadow full of poppies, early light', size: '1152x896' },
  { prompt: 'mountains at dawn, mist in the valley', size: '1344x768', n: 4 },
  { prompt: 'a coral reef, light from above', size: '1024x1024' },
  { prompt: 'a ringed planet over its moon', size: '1152x896' },
  { prompt: 'a forest path in autumn', size: '896x1152' },
  { prompt: 'an owl on a branch by moonlight', size: '1024x1024' },
  { prompt: 'a sailing boat at sea, golden hour', size: '1344x768' }
]

/** So many that the slow painter is still at it when everything has been looked at. */
const STEPS = 200

/** Everything is made by the demo painter over the real API; takes some seconds. */
export async function setStage(options: Parameters<typeof startTestGateway>[0] = {}): Promise<Stage> {
  const gateway = await startTestGateway(options)
  const broken = await startFakeOpenAIServer()
  broken.setBehaviour({ default: 'error_500' })
  const ada = await gateway.addPerson({ role: 'admin', name: 'Ada Lovelace' })
  const ben = await gateway.addPerson({ name: 'Ben Okri' })
  const mara = await gateway.addPerson({ name: 'Mara Lind' })
  const { key } = await gateway.addKey(ada, { name: 'agents', scopes: ['agent'] })
  await gateway.addKey(ada, { name: 'notebook' })
  await gateway.addKey(ada, { name: 'batch jobs', rateLimit: 60, limits: { imagesPerDay: 500 } })
  const model = (id: string, features?: readonly string[]) => ({
    models: [
      { id, servedAs: id, features: [...(features ?? ['generate', 'edit', 'mask', 'seed', 'preview'])] as never }
    ]
  })
  await gateway.addAgent({
    key,
    name: 'home-rig',
    services: [{ name: 'painter', concurrency: 2, ...model('demo') }]
  })
  const { key: bensKey } = await gateway.addKey(ben, { name: 'attic', scopes: ['agent'] })
  await gateway.addAgent({
    key: bensKey,
    name: 'attic',
    services: [
      { name: 'slow', concurrency: 2, timeoutMs: 3_600_000, ...model('patient-painter'), options: { step_time: '1s' } },
      {
        name: 'broken',
        engine: 'openai',
        url: broken.url,
        ...model('moody-painter', ['generate'])
      }
    ]
  })

  const made: string[] = []
  for (const one of PROMPTS) made.push(await askForImages(gateway, ada, { model: 'demo', seed: 7, ...one }))
  for (const one of PROMPTS.slice(0, 4)) await askForImages(gateway, mara, { model: 'demo', seed: 21, ...one })
  await gateway.drain()
  const done = made[0] ?? ''
  const edited = await askForImages(gateway, ada, {
    model: 'demo',
    prompt: 'make the sky a sunset',
    images: [{ file_id: await firstImage(gateway, done) }]
  })
  const bensRequest = await askForImages(gateway, ben, { model: 'demo', prompt: 'a secret garden behind the house' })
  const failed = await askForImages(gateway, ada, { model: 'moody-painter', prompt: 'a portrait of a grumpy cat' })
  const canceled = await askForImages(gateway, ada, { model: 'patient-painter', prompt: 'a cathedral of glass' })
  await gateway.call(`/api/dashboard/jobs/${canceled}/cancel`, { method: 'POST', headers: { cookie: ada.cookie } })
  await ended(gateway, [edited, bensRequest, failed, canceled])
  // The painter rewrites no prompts, as some image servers do.
  const report = JSON.stringify({ revised_prompt: 'The same fox, the sky behind it a sunset in orange and violet.' })
  await gateway.database.db.updateTable('tasks').set({ report }).where('request_id', '=', edited).execute()
  const running = await askForImages(gateway, ada, {
    model: 'patient-painter',
    prompt: 'a glacier calving into the sea',
    n: 2,
    steps: STEPS
  })
  const waiting = await askForImages(gateway, ada, { model: 'patient-painter', prompt: 'rolling hills after the rain' })
  const providers = await gateway.gateway.context.providers.listProviders()
  return {
    gateway,
    url: gateway.url,
    ada,
    ben,
    mara,
    requests: { done, edited, failed, canceled, running, waiting },
    bensRequest,
    provider: providers.find(({ name }) => name === 'home-rig')?.id ?? '',
    faultyProvider: providers.find(({ name }) => name === 'attic')?.id ?? '',
    close: async () => {
      await gateway.close()
      await broken.close()
    }
  }
}

async function firstImage({ gateway }: TestGateway, requestId: string): Promise<string> {
  const { outputs } = await gateway.context.requestViews.view(requestId)
  if (!outputs[0]) throw new Error(`${requestId} has no image`)
  return outputs[0].id
}

const ended = ({ gateway }: TestGateway, ids: readonly string[]) =>
  waitFor(async () => {
    const views = await Promise.all(ids.map((id) => gateway.context.requestViews.view(id)))
    return views.every(({ request }) => request.finished_at !== null)
  })
