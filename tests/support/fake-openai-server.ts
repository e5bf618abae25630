import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Size } from '../../src/images/image-request.ts'
import { act, type FakeBehaviour, isBehaviourName, json } from './fake-openai-behaviours.ts'
import { draw, type ImageCall, type ImageRoute, refuse, textField } from './fake-openai-images.ts'
import type { MaskReading } from './fake-openai-pictures.ts'
import { type Form, readForm } from './read-form.ts'

export interface FakeOpenAIOptions {
  port?: number
  /** Refuses calls without it as OpenAI does. */
  requiredApiKey?: string
  /** What a call that does not say gets; default `b64_json`. GPT Image models always answer in base64. */
  defaultResponseFormat?: 'url' | 'b64_json'
  /** Others are answered with 404 `model_not_found`; default: any model is known. */
  knownModels?: string[]
  /** Default 256 × 256. */
  defaultSize?: Size
  /** Default `alpha`, as OpenAI. */
  maskReading?: MaskReading
  /** Where the API lies; default `/v1`. */
  basePath?: string
  /** A strict server: it refuses every other field. Default: any field is taken. */
  knownFields?: string[]
  /** In which words a strict server refuses a field; default: OpenAI's. */
  refusal?: (field: string) => { status: number; body: unknown }
  /** Default: all three. A missing one is answered with 404. */
  routes?: ImageRoute[]
}

export interface FakeSettings {
  /** Of image calls that nothing else decides; `ok` at first. */
  default?: FakeBehaviour
  /** Of the next image calls, one each. */
  queue?: FakeBehaviour[]
  /** Of `GET /v1/models`; null: the list. */
  models?: FakeBehaviour | null
  /** Per call, before the queue. A prompt that contains `[fake:<behaviour>]` comes before everything. */
  choose?: (request: FakeRequest) => FakeBehaviour | undefined
}

export interface FakeRequest {
  method: string
  /** With the query. */
  path: string
  headers: IncomingHttpHeaders
  /** The body of a JSON request. */
  json?: Record<string, unknown>
  /** The body of a multipart request. */
  form?: Form
  /** The client went away before it had its answer. */
  abandoned: boolean
}

export interface FakeOpenAIServer {
  /** `http://127.0.0.1:port`, without `/v1`. */
  url: string
  /** Every request to the API in order of arrival, oldest first. */
  requests: FakeRequest[]
  setBehaviour(settings: FakeSettings): void
  close(): Promise<void>
}

/**
 * An image server that speaks OpenAI's protocol over real HTTP and can be told to fail in every way that real ones
 * do. `POST /__control` takes `FakeSettings` as JSON, `GET /__requests` lists what came (file bytes in base64).
 */
export async function startFakeOpenAIServer(options: FakeOpenAIOptions = {}): Promise<FakeOpenAIServer> {
  const requests: FakeRequest[] = []
  const published = new Map<string, { bytes: Buffer; mediaType: string }>()
  let settings: FakeSettings = {}
  const setBehaviour = (change: FakeSettings) => void (settings = { ...settings, ...change })

  const nextBehaviour = (request: FakeRequest, call: ImageCall): FakeBehaviour => {
    const [, marked = ''] = /\[fake:(\w+)\]/.exec(textField(call, 'prompt')) ?? []
    if (isBehaviourName(marked)) return marked
    return settings.choose?.(request) ?? settings.queue?.shift() ?? settings.default ?? 'ok'
  }

  const perform = (behaviour: FakeBehaviour, call: ImageCall, response: ServerResponse) => {
    const asked = textField(call, 'response_format')
    const model = textField(call, 'model')
    const always = /^(gpt-image|chatgpt-image)/.test(model) ? 'b64_json' : undefined
    const { name, ...details } = typeof behaviour === 'string' ? { name: behaviour } : behaviour
    return act(name, {
      response,
      origin: server.url,
      format: (always ?? (asked || (options.defaultResponseFormat ?? 'b64_json'))) as 'url' | 'b64_json',
      asksFormat: asked !== '',
      model,
      stream: String(call.fields.stream) === 'true' ? streamOf(call) : undefined,
      draw: (change) =>
        draw(call, {
          ...change,
          maskReading: options.maskReading ?? 'alpha',
          defaultSize: options.defaultSize ?? { width: 256, height: 256 }
        }),
      publish: (bytes, mediaType) => {
        const path = `/generated-images/${randomUUID()}.png`
        published.set(path, { bytes, mediaType })
        return path
      },
      settings: details
    })
  }

  const answerImages = async (request: FakeRequest, route: ImageRoute, response: ServerResponse) => {
    const call = { route, fields: request.json ?? request.form?.fields ?? {}, files: request.form?.files ?? [] }
    const known = options.knownModels?.includes(textField(call, 'model')) ?? true
    const behaviour = nextBehaviour(request, call)
    if (!known) return perform('model_not_found', call, response)
    const strange = Object.keys(call.fields).find((name) => options.knownFields?.includes(name) === false)
    if (strange !== undefined) {
      const { status, body } = (options.refusal ?? refuseAsOpenAI)(strange)
      return json(response, status, body)
    }
    const plain = behaviour === 'ok' ? await refuse(call) : undefined
    if (plain) return json(response, plain.status, { error: plain.error })
    return perform(behaviour, call, response)
  }

  const { basePath = '/v1', routes: offered = ['generations', 'edits', 'variations'] } = options
  const belowBase = (path: string): string => (path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : '')
  const imageRouteOf = (path: string): ImageRoute | undefined =>
    offered.find((route) => belowBase(path.replace(/\?.*/, '')) === `/images/${route}`)

  const route = async (request: FakeRequest, response: ServerResponse): Promise<void> => {
    const [path = ''] = request.path.split('?')
    const below = belowBase(path)
    const imageRoute = imageRouteOf(path)
    const file = published.get(request.path)
    const { requiredApiKey } = options
    if (requiredApiKey && request.headers.authorization !== `Bearer ${requiredApiKey}`)
      return refuseKey(request, response)
    if (request.method === 'POST' && imageRoute) return answerImages(request, imageRoute, response)
    if (request.method === 'GET' && below === '/models') {
      if (settings.models) return perform(settings.models, { route: 'generations', fields: {}, files: [] }, response)
      const models = options.knownModels ?? ['fake-image']
      const data = models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'fake' }))
      return json(response, 200, { object: 'list', data })
    }
    if (request.method === 'GET' && file) {
      response.writeHead(200, { 'content-type': file.mediaType })
      return void response.end(file.bytes)
    }
    if (request.path === '/__redirect') {
      response.writeHead(302, { location: server.url.replace('127.0.0.1', 'localhost') })
      return void response.end()
    }
    return json(response, 404, { detail: 'Not Found' })
  }

  const control = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (incoming.url === '/__requests') return json(response, 200, requests.map(presentRequest))
    setBehaviour(JSON.parse(await text(incoming)) as FakeSettings)
    return json(response, 200, {})
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (incoming.url === '/__control' || incoming.url === '/__requests') return control(incoming, response)
    const request = await readRequest(incoming)
    // Before the body is read servers look at where it was sent.
    if (!request && !imageRouteOf(incoming.url ?? '')) return json(response, 404, { detail: 'Not Found' })
    if (!request) return json(response, 400, { error: { message: 'Malformed body.', type: 'invalid_request_error' } })
    if (!LOOKS.includes(request.path)) requests.push(request)
    response.once('close', () => (request.abandoned = !response.writableFinished))
    return route(request, response)
  }

  const http = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else json(response, 500, { error: { message: String(error), type: 'server_error' } })
    })
  })
  http.listen(options.port ?? 0, '127.0.0.1')
  await once(http, 'listening')
  const server: FakeOpenAIServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    setBehaviour,
    close: async () => {
      http.closeAllConnections()
      if (!http.listening) return
      http.close()
      await once(http, 'close')
    }
  }
  return server
}

/** Undefined when its body is not what its content type says. */
async function readRequest(incoming: IncomingMessage): Promise<FakeRequest | undefined> {
  const { method = 'GET', url: path = '/', headers } = incoming
  const request: FakeRequest = { method, path, headers, abandoned: false }
  if (method !== 'POST') return request
  try {
    if (headers['content-type']?.startsWith('multipart/form-data'))
      return { ...request, form: await readForm(incoming) }
    return { ...request, json: JSON.parse(await text(incoming)) as Record<string, unknown> }
  } catch {
    return undefined
  }
}

function refuseKey(request: FakeRequest, response: ServerResponse): void {
  const given = request.headers.authorization?.replace('Bearer ', '') ?? ''
  json(response, 401, {
    error: {
      message: `Incorrect API key provided: ${given}.`,
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key'
    }
  })
}

/** What whoever wants to know which server it is asks for besides. */
const LOOKS = ['/v1/health', '/.well-known/localai.json', '/system', '/running', '/health/liveliness']

const streamOf = (call: ImageCall) => ({
  previews: Number(call.fields.partial_images ?? 0),
  prefix: call.route === 'edits' ? ('image_edit' as const) : ('image_generation' as const)
})

const refuseAsOpenAI = (field: string) => ({
  status: 400,
  body: {
    error: {
      message: `Unknown parameter: '${field}'.`,
      type: 'invalid_request_error',
      param: field,
      code: 'unknown_parameter'
    }
  }
})

const presentRequest = (request: FakeRequest) => ({
  ...request,
  ...(request.form && {
    form: {
      fields: request.form.fields,
      files: request.form.files.map((file) => ({ ...file, bytes: file.bytes.toString('base64') }))
    }
  })
})
