import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Errors } from 'typebox/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiDocument, ApiOperation } from '../../src/http/api-document/complete-document.ts'
import { PUBLIC_ERROR_CODES } from '../../src/lib/error-meanings.ts'
import { noteFieldsRead } from '../support/note-fields.ts'
import { plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { PRIVATE_ADDRESSES } from '../support/webhook-calls.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

type Document = ApiDocument & { tags: { name: string; description: string }[] }

const TAGS = ['Images', 'Jobs', 'Models', 'Webhooks', 'Batches', 'Usage']

let gateway: TestGateway
let user: TestUser
let document: Document
let operations: (ApiOperation & { method: string; path: string; summary?: string })[]
/** Of something that is there, by what begins the path. */
let ids: Record<string, string>
let share: string

const wrap = wrapUntilTheEnd()

beforeAll(async () => {
  gateway = await startTestGateway({ env: { ...PRIVATE_ADDRESSES, INFERENCE_CLUB_RATE_LIMIT: '1000' } })
  user = await gateway.addUser({ scopes: ['generate', 'agent', 'usage'] })
  await gateway.addAgent({ key: user.key, services: [{}] })
  document = (await (await gateway.call('/openapi.json')).json()) as Document
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path }))
  )
  ids = await thingsThatAreThere()
})

afterAll(() => gateway.close())

async function thingsThatAreThere(): Promise<Record<string, string>> {
  const send = async <T>(path: string, json: object) =>
    (await (await gateway.call(path, { key: user.key, json })).json()) as T
  const small = { model: 'demo', prompt: 'a fox', size: '64x64' }
  const job = await send<{ id: string }>('/v1/images/generations', {
    ...small,
    ...{ async: true, webhook_url: 'http://127.0.0.1:9/hook' }
  })
  const { data } = await send<{ data: { asset_id: string }[] }>('/v1/images/generations', small)
  const batch = await send<{ id: string }>('/v1/batches', {
    requests: [{ endpoint: '/v1/images/generations', body: small }]
  })
  await gateway.drain()
  const deliveries = await (await gateway.call('/v1/webhooks/deliveries', { key: user.key })).json()
  share = (await send<{ id: string }>(`/v1/jobs/${job.id}/shares`, {})).id
  return {
    '/v1/jobs': job.id,
    '/v1/batches': batch.id,
    '/v1/models': 'demo',
    '/v1/webhooks': (deliveries as { data: { id: string }[] }).data[0]!.id,
    '/api/inference': data[0]!.asset_id
  }
}

/** A body that the operation takes. */
const exampleOf = ({ requestBody }: ApiOperation): unknown =>
  Object.values(requestBody?.content['application/json']?.examples ?? {})[0]?.value

/** The path of an operation, with the id of something that is there and the parameters it needs. */
function pathOf({ path, parameters = [] }: ApiOperation & { path: string }): string {
  const id = Object.entries(ids).find(([beginning]) => path.startsWith(beginning))?.[1] ?? ''
  const needed = parameters.filter(({ required, in: where }) => where === 'query' && required)
  // All that is needed is a time, or a hash.
  const values: Record<string, string> = { start_time: '1780266332', sha256: '0'.repeat(64) }
  expect(needed.map(({ name }) => name).filter((name) => !(name in values))).toEqual([])
  const query = new URLSearchParams(needed.map(({ name }): [string, string] => [name, values[name]!]))
  return `${path.replace('{id}', id).replace('{share}', share)}${needed.length > 0 ? `?${query.toString()}` : ''}`
}

/** The one reference that schemas hold is to the shape of errors. */
const whole = (schema: object): object => ('$ref' in schema ? document.components.schemas!.Error! : schema)

/** The answer is one that the operation is said to have: its status, headers, type and shape. */
async function isAsDescribed(operation: (typeof operations)[number], answer: Response): Promise<void> {
  const where = `${operation.method} ${operation.path} ${answer.status}`
  const described = operation.responses?.[String(answer.status)]
  expect(described, where).toBeDefined()
  expect(Object.keys(described!.headers!), where).toContain('x-request-id')
  for (const name of Object.keys(document.components.headers!)) {
    if (answer.headers.has(name)) expect(Object.keys(described!.headers!), where).toContain(name)
  }
  const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
  const schema = described!.content?.[type]?.schema
  expect(schema, `${where} ${type}`).toBeDefined()
  if (type !== 'application/json') return void (await answer.arrayBuffer())
  const body: unknown = await answer.json()
  expect({ where, problems: Errors(whole(schema!), body)[1] }).toEqual({ where, problems: [] })
}

describe('the API document', () => {
  it('begins with images, and explains errors and limits at its end', () => {
    expect(document.tags.map(({ name }) => name)).toEqual([...TAGS, 'Errors', 'Limits'])
    const order = operations.map(({ tags }) => TAGS.indexOf(tags![0]!))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(operations[0]).toMatchObject({ method: 'POST', path: '/v1/images/generations' })
    const chapter = (name: string) => document.tags.find((tag) => tag.name === name)!.description
    for (const code of PUBLIC_ERROR_CODES) expect(chapter('Errors')).toContain(`| \`${code}\` |`)
    expect(chapter('Limits')).toContain('| 32,000 characters |')
  })

  it('is valid OpenAPI 3.1', async () => {
    const file = join(gateway.dataDir, 'openapi.json')
    await writeFile(file, JSON.stringify(document))
    const validator = fileURLToPath(new URL('../../node_modules/.bin/validate-api', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [validator, file])
    expect(JSON.parse(stdout)).toEqual({ valid: true })
  })

  it('tells the limits of the moment', async () => {
    const tight = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_MAX_IMAGES_PER_REQUEST: '3' } })
    const { tags } = (await (await tight.call('/openapi.json')).json()) as Document
    expect(tags.at(-1)!.description).toContain('(`n`) | 3 |')
    await tight.close()
  })

  it('names every operation once, and every error somewhere', () => {
    const names = operations.map(({ operationId }) => operationId)
    expect(names).not.toContain(undefined)
    expect(new Set(names).size).toBe(names.length)
    const told = JSON.stringify(operations.map(({ responses }) => responses))
    // Every path has other methods, and any of them may be sent; it is no answer of one that is described.
    const anywhere = ['method_not_allowed']
    for (const code of PUBLIC_ERROR_CODES.filter((one) => !anywhere.includes(one)))
      expect(told).toContain(`\`${code}\``)
  })

  it('has examples that work as they are, with answers as described', { timeout: 60_000 }, async () => {
    const withBody = operations.filter(({ requestBody }) => requestBody && !requestBody.content['image/*'])
    expect(withBody.length).toBeGreaterThan(3)
    for (const operation of withBody) {
      const { examples = {} } = operation.requestBody!.content['application/json']!
      expect(Object.keys(examples).length, operation.path).toBeGreaterThan(0)
      for (const { value } of Object.values(examples)) {
        const { path, method } = operation
        await isAsDescribed(operation, await gateway.call(path, { key: user.key, method, json: value }))
      }
    }
    await gateway.drain()
  })

  it('has forms that work with their files and the examples of what they need', async () => {
    const forms = operations.filter(({ requestBody }) => requestBody?.content['multipart/form-data'])
    expect(forms.length).toBe(2)
    for (const operation of forms) {
      const { properties, required } = operation.requestBody!.content['multipart/form-data']!.schema as {
        required: string[]
        properties: Record<string, { examples?: string[]; format?: string; items?: { format?: string } }>
      }
      const form = new FormData()
      for (const name of required) {
        const { examples, format, items } = properties[name]!
        if ((items ?? { format }).format === 'binary') {
          form.append(name, new Blob([await plainPng({ width: 64, height: 64 }, [9, 9, 9])]), 'picture.png')
        } else form.append(name, examples![0]!)
      }
      const { path, method } = operation
      await isAsDescribed(operation, await gateway.call(path, { key: user.key, method, body: form }))
    }
  })

  it('describes what every other operation answers', async () => {
    // The job that is deleted goes last.
    const isLast = ({ operationId }: (typeof operations)[number]) => Number(operationId === 'deleteJob')
    const others = operations.filter(({ requestBody }) => !requestBody).sort((a, b) => isLast(a) - isLast(b))
    for (const operation of others) {
      const answer = await gateway.call(pathOf(operation), { key: user.key, method: operation.method })
      // The job has ended well, so that it cannot be run again.
      if (operation.operationId !== 'retryJob') expect(answer.status, operation.path).toBeLessThan(300)
      await isAsDescribed(operation, answer)
    }
  })

  it('describes refusals', async () => {
    for (const operation of operations) {
      const { path, method } = operation
      const isPublic = operation.security !== undefined
      const call = {
        method,
        ...((method === 'POST' || method === 'PATCH') && { body: '{', headers: { 'content-type': 'application/json' } })
      }
      const stranger = await gateway.call(path, { ...call, key: 'ic_nobody' })
      // An image that is not there looks like one that is not for everybody: a wrong key is told.
      expect(stranger.status, path).toBe(401)
      await isAsDescribed(operation, stranger)
      if (path.includes('{id}') && !isPublic) {
        const unknown = await gateway.call(path.replace('{id}', 'nothing'), {
          method,
          key: user.key,
          ...(method === 'PATCH' && { json: exampleOf(operation) })
        })
        expect((await readError(unknown.clone())).code).toBe('not_found')
        await isAsDescribed(operation, unknown)
      }
    }
  })

  it('has the parameters that are read, and only those', async () => {
    const reads = operations.filter(({ method, path }) => method === 'GET' && path.startsWith('/v1/'))
    const read = noteFieldsRead(wrap)
    for (const operation of reads) {
      read.clear()
      await (await gateway.call(pathOf({ ...operation }), { key: user.key })).arrayBuffer()
      const described = (operation.parameters ?? []).filter(({ in: where }) => where === 'query')
      const notByFields = described.filter(({ name, schema }) => schema.type === 'array' || name === 'format')
      const names = described.filter((one) => !notByFields.includes(one)).map(({ name }) => name)
      expect([operation.path, ...names.sort()]).toEqual([operation.path, ...[...read].sort()])
    }
  })

  it('has the bounds of parameters', async () => {
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      for (const { name, in: where, schema } of operation.parameters ?? []) {
        if (where !== 'query' || name === 'format') continue
        const { minimum, maximum, maxLength, type, enum: words } = schema as Record<string, never>
        const past = [
          ...(minimum === undefined ? [] : [String(minimum - 1)]),
          ...(maximum === undefined ? [] : [String(maximum + 1)]),
          ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)]),
          ...(words === undefined && type !== 'boolean' ? [] : ['perhaps'])
        ]
        for (const value of past) {
          const path = pathOf(operation)
          const refused = await gateway.call(
            `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ [name]: value }).toString()}`,
            { key: user.key }
          )
          expect([operation.path, name, value.slice(0, 20), refused.status]).toEqual([
            operation.path,
            name,
            value.slice(0, 20),
            400
          ])
          await isAsDescribed(operation, refused)
        }
      }
    }
  })
})
