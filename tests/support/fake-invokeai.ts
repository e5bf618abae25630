import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'
import { describeFakeInvoke } from './fake-invokeai-nodes.ts'
import {
  createFakeInvokeWorker,
  type FakeInvokeGraph,
  type FakeItem,
  type InvokeSettings
} from './fake-invokeai-worker.ts'
import { json } from './fake-openai-behaviours.ts'

export interface FakeInvokeOptions {
  version?: string
  models?: object[]
  /** As `describeFakeInvoke` takes it. */
  lacks?: string[]
  /** A proxy that lets no WebSocket through. */
  noSocket?: boolean
  /** Accounts are required, and this is one. */
  account?: { email: string; password: string }
  maxUploadBytes?: number
}

export interface InvokeState {
  /** Of what was queued, oldest first. */
  graphs: FakeInvokeGraph[]
  /** Of what is in the queue. */
  statuses: string[]
  /** The model that it has in memory. */
  inMemory: unknown
  images: { name: string; isIntermediate: boolean }[]
  /** `METHOD /path`, without those that are asked again and again. */
  calls: string[]
  tokens: string[]
}

export interface FakeInvoke {
  url: string
  control(settings: InvokeSettings & { expireTokens?: boolean }): void
  state(): InvokeState
  close(): Promise<void>
}

const model = (name: string, base: string, more: object = {}) => ({
  key: `key-of-${name}`,
  hash: `blake3:${name}`,
  name,
  base,
  type: 'main',
  path: `/home/owner/models/${name}`,
  default_settings: null,
  ...more
})

export const FAKE_INVOKE_MODELS: object[] = [
  model('fake-image', 'sd-1'),
  model('juggernaut', 'sdxl', { default_settings: { steps: 12, cfg_scale: 4, scheduler: 'dpmpp_2m_k', width: 896, height: 640, vae: 'key-of-fix', vae_precision: 'fp16' } }), // prettier-ignore
  model('flux-dev', 'flux', { variant: 'dev' }),
  model('schnell', 'flux', { variant: 'schnell' }),
  model('qwen', 'qwen-image'),
  model('twice', 'sd-1', { key: 'key-of-first' }),
  model('twice', 'sd-1', { key: 'key-of-second' }),
  model('fix', 'sdxl', { type: 'vae' }),
  model('ae', 'flux', { type: 'vae' }),
  model('t5', 'any', { type: 't5_encoder' }),
  model('clip', 'any', { type: 'clip_embed', variant: 'large' }),
  model('detail', 'sd-1', { type: 'lora' }),
  model('detail', 'sdxl', { type: 'lora', key: 'key-of-detail-xl' }),
  model('ink', 'flux', { type: 'lora' })
]

/** InvokeAI as it is on the wire: its document, its queue, its images and its Socket.IO; `POST /__control`, `GET /__state`. */
export async function startFakeInvoke(options: FakeInvokeOptions = {}): Promise<FakeInvoke> {
  const { version = '6.14.2', account } = options
  const calls: string[] = []
  const subscribed = new Set<WebSocket>()
  const tokens: string[] = []
  let valid = new Set<string>()
  let isSlow = Promise.withResolvers<void>()
  const worker = createFakeInvokeWorker({
    emit: (name, data) => {
      for (const packet of worker.settings.junk ?? []) for (const socket of subscribed) socket.send(packet)
      for (const socket of subscribed) socket.send(`42${JSON.stringify([name, data])}`)
    },
    cutSockets: () => {
      for (const socket of subscribed) socket.terminate()
    }
  })

  const control = ({ expireTokens, ...change }: Parameters<FakeInvoke['control']>[0]): void => {
    if (expireTokens) valid = new Set()
    if (change.slow === false) {
      isSlow.resolve()
      isSlow = Promise.withResolvers()
    }
    worker.control(change)
  }

  const present = ({ id, batch, status, error, image }: FakeItem) => ({
    item_id: id,
    batch_id: batch,
    status,
    error_type: error?.type ?? null,
    error_message: error?.message ?? null,
    session: {
      results:
        image === undefined
          ? {}
          : { prepared: { type: 'image_output', image: { image_name: image }, width: 1, height: 1 } },
      source_prepared_mapping: image === undefined ? {} : { decode: ['prepared'] }
    },
    ...worker.settings.item
  })

  const logIn = (body: Buffer): [number, object] => {
    const { email, password } = JSON.parse(body.toString()) as { email: string; password: string }
    if (email !== account?.email || password !== account.password)
      return [401, { detail: 'Incorrect email or password' }]
    const token = `token-${tokens.length}-of-the-account`
    tokens.push(token)
    valid.add(token)
    return [200, { token, user: {}, expires_in: 3600 }]
  }

  const enqueue = async (body: Buffer): Promise<[number, unknown]> => {
    const { batch } = JSON.parse(body.toString()) as {
      batch: { batch_id: string; graph: FakeInvokeGraph; runs: number }
    }
    const detail = worker.judge(batch.graph)
    if (detail) return [422, { detail }]
    if (worker.settings.slow) await isSlow.promise
    const item = worker.take(batch.batch_id, batch.graph)
    const { enqueued = { queue_id: 'default', enqueued: 1, requested: 1, batch, priority: 0, item_ids: [item.id] } } =
      worker.settings
    return [201, enqueued]
  }

  const queueItem = (method: string, id: number, verb: string | undefined): [number, object] | 'broken' => {
    const item = worker.find(id)
    if (method === 'GET' && (worker.settings.breakLooks ?? 0) > 0) {
      worker.control({ breakLooks: worker.settings.breakLooks! - 1 })
      return 'broken'
    }
    if (!item) return [404, { detail: 'Queue item not found' }]
    if (method === 'DELETE') worker.remove(item)
    if (verb) worker.cancel(item)
    return [200, present(item)]
  }

  const upload = (url: URL, incoming: IncomingMessage, body: Buffer): [number, object] => {
    if (body.length > (options.maxUploadBytes ?? Infinity)) return [413, { detail: 'Payload Too Large' }]
    const boundary = /boundary=(.+)$/.exec(incoming.headers['content-type'] ?? '')?.[1] ?? ''
    const begin = body.indexOf('\r\n\r\n') + 4
    const bytes = body.subarray(begin, body.indexOf(`\r\n--${boundary}`, begin))
    const name = worker.store(Buffer.from(bytes), url.searchParams.get('is_intermediate') === 'true')
    return [201, { image_name: name, image_category: url.searchParams.get('image_category'), width: 1, height: 1 }]
  }

  const image = (method: string, name: string, response: ServerResponse) => {
    const found = worker.images.get(name)
    if (!found) return json(response, 404, { detail: 'Image not found' })
    if (method === 'DELETE') {
      worker.images.delete(name)
      return json(response, 200, { deleted_images: [name], affected_boards: [] })
    }
    const { image: given } = worker.settings
    const bytes = given === undefined ? found.bytes : Buffer.from(given, 'base64')
    return void response.writeHead(200, { 'content-type': 'image/png' }).end(bytes)
  }

  const mayPass = (token: string | undefined) => account === undefined || valid.has(token ?? '')

  const route = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '', 'http://fake')
    const { pathname: path } = url
    const method = incoming.method ?? 'GET'
    const body = await buffer(incoming)
    if (path === '/__control') {
      control(JSON.parse(body.toString()) as InvokeSettings)
      return json(response, 200, {})
    }
    if (path === '/__state') return json(response, 200, server.state())
    if (path === '/api/v1/app/version') return json(response, 200, { version })
    if (path === '/openapi.json') {
      calls.push(`${method} ${path}`)
      return json(response, 200, describeFakeInvoke(options.lacks ?? []))
    }
    if (path === '/api/v1/auth/login') return json(response, ...logIn(body))
    if (!mayPass(incoming.headers.authorization?.replace('Bearer ', ''))) {
      return json(response, 401, { detail: 'Missing authentication credentials' })
    }
    if (path === '/api/v2/models/')
      return json(response, 200, worker.settings.models ?? { models: options.models ?? FAKE_INVOKE_MODELS })
    if (path === '/api/v1/queue/default/enqueue_batch') return json(response, ...(await enqueue(body)))
    if (path === '/api/v1/queue/default/status') {
      return json(response, 200, { queue: { queue_id: 'default', ...worker.counts() }, processor: {} })
    }
    const [, id, verb] = /^\/api\/v1\/queue\/default\/i\/(\d+)(\/cancel)?$/.exec(path) ?? []
    if (id !== undefined) {
      if (method !== 'GET') calls.push(`${method} ${path}`)
      const answer = queueItem(method, Number(id), verb)
      return answer === 'broken' ? void response.socket?.destroy() : json(response, ...answer)
    }
    if (path === '/api/v1/images/upload') return json(response, ...upload(url, incoming, body))
    const [, name] = /^\/api\/v1\/images\/i\/([^/]+)(?:\/full)?$/.exec(path) ?? []
    return name === undefined ? json(response, 404, { detail: 'Not Found' }) : image(method, name, response)
  }

  /** Engine.IO 4 and Socket.IO, as python-socketio speaks them. */
  const open = (socket: WebSocket): void => {
    socket.on('error', () => undefined)
    socket.on('close', () => subscribed.delete(socket))
    socket.send('0{"sid":"a","upgrades":[],"pingTimeout":20000,"pingInterval":25000}')
    socket.send('2')
    let hasPonged = false
    socket.on('message', (data: Buffer) => {
      const packet = data.toString()
      if (packet === '3') hasPonged = true
      if (packet.startsWith('40')) {
        const { token } = JSON.parse(packet.slice(2) || '{}') as { token?: string }
        return mayPass(token)
          ? socket.send('40{"sid":"b"}')
          : socket.send('44{"message":"Connection rejected by server"}')
      }
      if (packet === '42["subscribe_queue",{"queue_id":"default"}]' && hasPonged) subscribed.add(socket)
    })
  }

  const http = createServer((incoming, response) => {
    route(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) json(response, 500, { detail: String(error) })
    })
  })
  const sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    const isEvents = request.url === '/ws/socket.io/?EIO=4&transport=websocket'
    if (options.noSocket || !isEvents) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, open)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: FakeInvoke = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    control,
    state: () => ({ ...worker.state(), calls, tokens }),
    close: async () => {
      isSlow.resolve()
      for (const socket of sockets.clients) socket.terminate()
      http.closeAllConnections()
      if (!http.listening) return
      http.close()
      await once(http, 'close')
    }
  }
  return server
}
