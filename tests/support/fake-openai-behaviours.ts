import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Size } from '../../src/images/image-request.ts'

/** One exchange of the fake server, as a behaviour sees it. */
export interface FakeExchange {
  response: ServerResponse
  /** `http://host:port` of the fake server itself. */
  origin: string
  /** The form the client asked for, else the server's default. */
  format: 'url' | 'b64_json'
  asksFormat: boolean
  model: string
  /** The events that the call asks for; undefined: it asks for none. */
  stream: { previews: number; prefix: 'image_generation' | 'image_edit' } | undefined
  /** The pictures that were asked for. */
  draw(change?: { size?: Size; format?: 'png' | 'jpeg' }): Promise<Buffer[]>
  /** Offers bytes under the server's own origin; returns their path. */
  publish(bytes: Buffer, mediaType: string): string
  settings: BehaviourSettings
}

export interface BehaviourSettings {
  /** `slow` */
  delayMs?: number
  /** `slow` and `stream`, within the process: what it waits for, with its image. */
  until?: Promise<unknown>
  /** `too_large`: of the image, before base64. */
  bytes?: number
  /** `custom` */
  status?: number
  /** `custom` */
  headers?: Record<string, string>
  /** `custom`: an object goes as JSON, a string as text. */
  body?: unknown
  /** `events`: what is written, piece by piece; then the answer ends, breaks off, or begins anew for ever. */
  pieces?: string[]
  end?: 'break' | 'again'
}

type Act = (exchange: FakeExchange) => unknown

const answer =
  (status: number, body: unknown): Act =>
  ({ response }) =>
    json(response, status, body)

const failure = (status: number, message: string, error: Record<string, unknown> = {}): Act =>
  answer(status, { error: { message, type: 'invalid_request_error', param: null, code: null, ...error } })

const withImages = async (exchange: FakeExchange, item: (image: Buffer) => Record<string, unknown>): Promise<void> =>
  json(exchange.response, 200, { created: 1, data: (await exchange.draw()).map(item) })

const drawing = async (exchange: FakeExchange, then: (images: Buffer[]) => void): Promise<void> =>
  then(await exchange.draw())

const raw = ({ response }: FakeExchange, mediaType: string, body: Buffer | string): void => {
  response.writeHead(200, { 'content-type': mediaType })
  response.end(body)
}

const base64Image = (exchange: FakeExchange, bytes: Buffer): void =>
  json(exchange.response, 200, { created: 1, data: [{ b64_json: bytes.toString('base64'), url: null }] })

const ok: Act = (exchange) => (exchange.format === 'url' ? ACTS.ok_url(exchange) : ACTS.ok_b64(exchange))

const html =
  (status: number): Act =>
  ({ response }) => {
    response.writeHead(status, { 'content-type': 'text/html' })
    response.end('<html><head><title>Welcome</title></head><body><h1>nginx at 10.1.2.3</h1></body></html>')
  }

/** An event as OpenAI writes it. */
export const sse = (event: Record<string, unknown>): string =>
  `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`

/** What the fake can do instead of answering well; shapes as the real servers send them. */
const ACTS = {
  ok,
  ok_b64: (exchange) => withImages(exchange, (image) => ({ b64_json: image.toString('base64'), url: null })),
  ok_url: (exchange) =>
    withImages(exchange, (image) => ({ url: exchange.origin + exchange.publish(image, 'image/png'), b64_json: null })),
  relative_url: (exchange) => withImages(exchange, (image) => ({ url: exchange.publish(image, 'image/png') })),
  dead_url: (exchange) => withImages(exchange, () => ({ url: `${exchange.origin}/generated-images/gone.png` })),
  redirecting_url: (exchange) => withImages(exchange, () => ({ url: `${exchange.origin}/__redirect` })),
  other_loopback_name: (exchange) =>
    withImages(exchange, (image) => ({
      url: exchange.origin.replace('127.0.0.1', 'localhost') + exchange.publish(image, 'image/png')
    })),
  foreign_url: (exchange) => withImages(exchange, () => ({ url: 'http://192.168.255.254/picture.png' })),
  data_url: (exchange) =>
    withImages(exchange, (image) => ({ url: `data:image/png;base64,${image.toString('base64')}` })),
  images_list: (exchange) =>
    drawing(exchange, ([image]) => json(exchange.response, 200, { images: [image!.toString('base64')], info: '{}' })),
  byte_order_mark: (exchange) =>
    drawing(exchange, ([image]) =>
      raw(
        exchange,
        'application/json',
        `\uFEFF${JSON.stringify({ data: { image_base64: image!.toString('base64') } })}`
      )
    ),
  raw_image: (exchange) => drawing(exchange, ([image]) => raw(exchange, 'image/png', image!)),
  raw_image_unnamed: (exchange) => drawing(exchange, ([image]) => raw(exchange, 'application/octet-stream', image!)),
  error_200: answer(200, { error: { message: 'The GPU fell asleep.', type: 'server_error' } }),
  content_filter: failure(400, 'The response was filtered.', {
    code: 'content_filter',
    innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { sexual: { filtered: true } } }
  }),
  filtered_200: answer(200, { data: [{ b64_json: null, finish_reason: 'content_filter' }] }),
  jpeg: async (exchange) => base64Image(exchange, (await exchange.draw({ format: 'jpeg' }))[0]!),
  wrong_size: async (exchange) => base64Image(exchange, (await exchange.draw({ size: { width: 40, height: 24 } }))[0]!),
  truncated_png: async (exchange) => {
    const [image] = await exchange.draw()
    base64Image(exchange, image!.subarray(0, image!.length / 2))
  },
  text_file: (exchange) => base64Image(exchange, Buffer.from('This is not a picture.')),
  empty_data: answer(200, { created: 1, data: [] }),
  too_large: (exchange) => base64Image(exchange, Buffer.alloc(exchange.settings.bytes ?? 16 * 1024 * 1024)),
  slow: async (exchange) => {
    await (exchange.settings.until ?? sleep(exchange.settings.delayMs ?? 500))
    await ok(exchange)
  },
  hang: () => {},
  close_before_headers: ({ response }) => response.destroy(),
  close_mid_body: ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 10_000 })
    response.write('{"created":1,"data":[{"b64_json":"iVBORw0', () => response.destroy())
  },
  redirect: ({ response, origin }) => {
    response.writeHead(307, { location: `${origin}/elsewhere` })
    response.end()
  },
  html_200: html(200),
  html_502: html(502),
  not_found: ({ response }) => {
    response.writeHead(404)
    response.end()
  },
  error_500: failure(500, 'The server had an error while processing your request', { type: 'server_error' }),
  error_oom: failure(500, 'CUDA out of memory. Tried to allocate 2.00 GiB', { type: 'server_error' }),
  error_400: failure(400, "Invalid value: '31x31'. Both sides must be divisible by 16.", {
    param: 'size',
    code: 'invalid_value'
  }),
  moderation_blocked: failure(400, 'Your request was rejected by the safety system.', {
    type: 'image_generation_user_error',
    code: 'moderation_blocked'
  }),
  error_429: failure(429, 'Rate limit reached for images. Please try again in 12s.', {
    type: 'requests',
    code: 'rate_limit_exceeded'
  }),
  koboldcpp_busy: answer(503, {
    detail: { msg: 'Server is busy; please try again later.', type: 'service_unavailable' }
  }),
  detail_text: answer(400, { detail: 'Too many images for this model.' }),
  detail_list: answer(422, {
    detail: [{ type: 'int_parsing', loc: ['body', 'steps'], msg: 'Input should be a valid integer', input: 'x' }]
  }),
  model_not_found: (exchange) =>
    failure(404, `The model '${exchange.model}' does not exist.`, { code: 'model_not_found', param: 'model' })(
      exchange
    ),
  refuses_format_400: (exchange) =>
    exchange.asksFormat
      ? failure(400, "Unknown parameter: 'response_format'.", { code: 'unknown_parameter', param: 'response_format' })(
          exchange
        )
      : ok(exchange),
  refuses_format_422: (exchange) =>
    exchange.asksFormat
      ? json(exchange.response, 422, {
          detail: [{ type: 'extra_forbidden', loc: ['body', 'response_format'], msg: 'Extra inputs are not permitted' }]
        })
      : ok(exchange),
  stream: async (exchange) => {
    const { response, stream } = exchange
    if (!stream) return ok(exchange)
    const [image] = await exchange.draw()
    const told = { created_at: 1, size: '64x64', quality: 'low', background: 'opaque', output_format: 'png' }
    const write = (type: string, more: Record<string, unknown>) =>
      response.write(sse({ type: `${stream.prefix}.${type}`, b64_json: image!.toString('base64'), ...told, ...more }))
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write(': heartbeat\n\n')
    for (let index = 0; index < stream.previews; index++) write('partial_image', { partial_image_index: index })
    await exchange.settings.until
    write('completed', { usage: { total_tokens: 1, input_tokens: 1, output_tokens: 0 } })
    response.end('data: [DONE]\n\n')
  },
  events: async ({ response, settings }) => {
    const { pieces = [], end, headers = {} } = settings
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
    do {
      for (const piece of pieces) {
        if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')])
      }
      await new Promise(setImmediate)
    } while (end === 'again' && !response.destroyed)
    if (end === 'break') response.destroy()
    else response.end()
  },
  custom: ({ response, settings }) => {
    const { status = 200, headers = {}, body = '' } = settings
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (typeof body !== 'string') return json(response, status, body)
    response.writeHead(status, { 'content-type': 'text/plain' })
    response.end(body)
  }
} satisfies Record<string, Act>

export type FakeBehaviourName = keyof typeof ACTS

export type FakeBehaviour = FakeBehaviourName | ({ name: FakeBehaviourName } & BehaviourSettings)

export const act = async (name: FakeBehaviourName, exchange: FakeExchange): Promise<void> => {
  await (ACTS[name] as Act)(exchange)
}

export const isBehaviourName = (name: string): name is FakeBehaviourName => Object.hasOwn(ACTS, name)

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
