import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import type { RequestDetail } from '../../src/http/dashboard/contract/requests.ts'
import { ENGINE_PARAMETER_NAMES, FIELDS, IMAGE_KINDS, type Lora, PARAMETERS } from '../../src/images/fields.ts'
import type { ImageParameters, ImageTask } from '../../src/images/image-request.ts'
import { IMAGE_PATHS } from '../../web/src/lib/image-paths.ts'
import { repeatCall } from '../../web/src/features/requests/detail/repeat-call.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { fieldsOf, SIZE, valueOf } from '../support/field-values.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser
let cookie: string
let image: string
const tasks: ImageTask[] = []
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  cookie = await gateway.signIn(user)
  image = `data:image/png;base64,${(await leftHalfTransparent(SIZE)).toString('base64')}`
  const picture = await plainPng(SIZE, [1, 2, 3])
  const named = valueOf('loras', FIELDS.loras) as Lora[]
  const recording: Engine = {
    name: 'demo',
    extras: 'any',
    describe: async () => ({
      models: [],
      summary: '',
      inventory: { models: [], loras: named.map(({ name }) => name) }
    }),
    lorasFor: (_model, found) => [...found],
    generate: async (task) => {
      tasks.push(task)
      return { bytes: Readable.from([picture]), mediaType: 'image/png', seed: task.seed, warnings: [] }
    }
  }
  const { key } = await gateway.addKey(user, { scopes: ['agent'] })
  const model = valueOf('model', FIELDS.model) as string
  const features = ['generate', 'edit', 'mask', 'variation', 'seed', 'negative_prompt'] as const
  await gateway.addAgent({
    key,
    services: [{ concurrency: 1, models: [{ id: model, servedAs: 'theirs', features: [...features] }] }],
    probing: {},
    createEngine: () => recording
  })
  await waitFor(async () => gateway.database.db.selectFrom('service_finds').select('loras').executeTakeFirst())
})
afterAll(() => gateway.close())
beforeEach(() => void tasks.splice(0))

describe.each(IMAGE_KINDS)('every field of a %s at once', (kind) => {
  const parameters = fieldsOf(kind, PARAMETERS)
  /** In canonical form; all values but a size are so on the wire. */
  const canonical = { ...parameters, size: SIZE }
  const ofEngines = Object.fromEntries(
    ENGINE_PARAMETER_NAMES.flatMap((name) => (name in canonical ? [[name, canonical[name as never]]] : []))
  )
  const inputs = kind === 'generation' ? [] : [expect.objectContaining({ name: 'image0' })]
  const mask = kind === 'edit' ? [expect.objectContaining({ name: 'mask' })] : []
  const extra = { x_extra: { deep: [1] } }
  const call: Record<string, unknown> = { ...fieldsOf(kind, FIELDS), ...extra }
  let id: string
  let detail: RequestDetail

  const send = async (json: Record<string, unknown>) => {
    const answer = await gateway.call(`/v1${IMAGE_PATHS[kind]}`, { key: user.key, json })
    const body = (await answer.json()) as { request_id: string; warnings?: string[] }
    expect(answer.status, JSON.stringify(body)).toBe(200)
    return body
  }

  /** One for each image, with everything that is asked for. */
  const expectTasks = () => {
    const inOrder = tasks.toSorted((one, other) => one.seed - other.seed)
    expect(inOrder).toEqual(
      [0, 1].map((index) => ({
        ...ofEngines,
        kind,
        model: 'theirs',
        prompt: call.prompt,
        seed: Number(parameters.seed) + index,
        inputs: [...inputs, ...mask],
        extra
      }))
    )
  }

  it('reaches the engine under its name, and what is the agent’s does not', async () => {
    const body = await send({ ...call, ...(kind !== 'generation' && { image }) })
    id = body.request_id
    expectTasks()
    // The transparency is the mask of the edit.
    expect(body.warnings ?? []).toHaveLength(kind === 'edit' ? 1 : 0)
  })

  it('is recorded in canonical form', async () => {
    const row = await gateway.database.db
      .selectFrom('requests')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const recorded: unknown = JSON.parse(row.parameters)
    expect(recorded).toEqual({ ...canonical, extra } satisfies ImageParameters)
    expect(row).toMatchObject({ kind, model: call.model, prompt: call.prompt, n: call.n, end_user: call.user })
  })

  it('is shown with the job, and to whoever looks at the request', async () => {
    const shown = { n: call.n, ...parameters, ...extra }
    const job = (await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as Record<string, unknown>
    expect(job).toMatchObject({ kind, model: call.model, prompt: call.prompt })
    expect(job.parameters).toEqual(shown)
    detail = (await callDashboard<RequestDetail>(gateway, { cookie }, `requests/${id}`)).body
    expect(detail.parameters).toEqual(shown)
  })

  it('is the same when the call is repeated exactly', async () => {
    const { path, body } = repeatCall(detail, { takesSeed: true })
    expect(path).toBe(`/v1${IMAGE_PATHS[kind]}`)
    await send(body)
    expectTasks()
  })
})
