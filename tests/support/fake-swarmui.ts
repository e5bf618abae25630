import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'
import { json } from './fake-openai-behaviours.ts'
import {
  createFakeSwarmWorker,
  type FakeSwarmModel,
  type FakeSwarmWorker,
  type SwarmSettings
} from './fake-swarmui-worker.ts'

export interface FakeSwarmOptions {
  models?: FakeSwarmModel[]
  loras?: string[]
  /** Accounts are required, and this is the token of one. */
  token?: string
  /** Its account may make no images. */
  mayNotGenerate?: boolean
  /** It may not load models otherwise than by making images. */
  mayNotLoad?: boolean
  /** Folders of users do not bear their names. */
  noUserFolders?: boolean
  backends?: 'running' | 'loading' | 'empty' | 'all_disabled'
}

export interface SwarmState {
  /** What jobs were sent with, oldest first. */
  jobs: Record<string, unknown>[]
  statuses: string[]
  /** Of `InterruptAll`. */
  interrupts: { session: string; others: boolean }[]
  sessions: number
  /** What lies in its user's folder. */
  files: string[]
  cookies: string[]
  /** Models in memory. */
  loaded: string[]
}

export interface FakeSwarm {
  url: string
  control(settings: SwarmSettings): void
  state(): SwarmState
  close(): Promise<void>
}

const MODELS: FakeSwarmModel[] = [
  {
    name: 'OfficialStableDiffusion/sd_xl_base_1.0.safetensors',
    kind: 'stable-diffusion-xl-v1',
    side: 1024,
    loaded: true
  },
  { name: 'flux1-dev.safetensors', kind: 'flux-1', side: 1024, loaded: false },
  { name: 'fake-image.safetensors', kind: 'stable-diffusion-v1', side: 512, loaded: false }
]
const SAMPLERS = ['euler///Euler (Fast)', 'euler_ancestral///Euler Ancestral', 'dpmpp_2m///DPM++ 2M']
const SCHEDULERS = ['normal///Normal', 'karras///Karras', 'sgm_uniform///SGM-Uniform']

/** SwarmUI as it is on the wire, one backend behind it; `POST /__control`, `GET /__state`. */
export async function startFakeSwarm(options: FakeSwarmOptions = {}): Promise<FakeSwarm> {
  const models = (options.models ?? MODELS).map((model) => ({ ...model }))
  const loras = options.loras ?? []
  const sessions = new Set<string>()
  const interrupts: SwarmState['interrupts'] = []
  const cookies: string[] = []
  const folder = options.noUserFolders ? 'Output/' : 'View/local/'
  const worker: FakeSwarmWorker = createFakeSwarmWorker({ models, loras, folder })

  const control = (change: SwarmSettings): void => {
    if (change.forgetSessions) sessions.clear()
    worker.control(change)
  }

  const mayPass = ({ headers }: IncomingMessage): boolean => {
    cookies.push(headers.cookie ?? '')
    return options.token === undefined || (headers.cookie ?? '').includes(`swarm_token=${options.token}`)
  }

  const describe = ({ name, kind, side, loaded }: FakeSwarmModel) => ({
    name,
    title: name,
    description: null,
    preview_image: '/imgs/model_placeholder.jpg',
    loaded,
    architecture: kind,
    compat_class: kind,
    standard_width: side,
    standard_height: side
  })

  const describeLora = (name: string) => describe({ name, kind: 'lora', side: 0, loaded: false })

  const describeModel = ({ modelName, subtype }: Record<string, unknown>) => {
    const known = subtype === 'LoRA' ? loras.map((name) => ({ name, kind: 'lora', side: 0, loaded: false })) : models
    const found = known.find(({ name }) => name === `${String(modelName)}.safetensors` || name === modelName)
    return found ? { model: describe(found) } : { error: 'Model not found.' }
  }

  const choices = (id: string, values: string[]) => ({
    id,
    name: id,
    type: 'dropdown',
    values: values.map((value) => value.split('///')[0]),
    value_names: values.map((value) => value.split('///')[1])
  })

  const answer = (route: string, body: Record<string, unknown>): [number, object] => {
    const session = String(body.session_id)
    switch (route) {
      case 'getcurrentstatus':
        return [200, { ...worker.status(session), backend_status: { status: options.backends ?? 'running' } }]
      case 'listmodels':
        if (body.subtype === 'LoRA') return [200, { folders: [], files: loras.map(describeLora) }]
        return [200, { folders: [], files: worker.settings.listed ?? models.map(describe) }]
      case 'describemodel':
        return [200, worker.settings.described ?? describeModel(body)]
      case 'listt2iparams':
        return [200, { list: [choices('sampler', SAMPLERS), choices('scheduler', SCHEDULERS)], groups: [], models: {} }]
      case 'interruptall':
        interrupts.push({ session, others: body.other_sessions === true })
        worker.interrupt(body.other_sessions === true ? undefined : session)
        return [200, { success: true }]
      case 'deleteimage':
        return [
          200,
          worker.remove(folder + String(body.path)) ? { success: true } : { error: 'That file does not exist.' }
        ]
      default:
        return [404, { error: 'Unknown API route.', error_id: 'bad_route' }]
    }
  }

  const newSession = (isAllowed: boolean): object => {
    if (!isAllowed) return { error: 'Invalid or unauthorized.' }
    const id = randomUUID().replaceAll('-', '').toUpperCase()
    sessions.add(id)
    return {
      session_id: id,
      user_id: 'local',
      output_append_user: !options.noUserFolders,
      version: '0.9.8.2.GIT-062407c7',
      server_id: 'fake'
    }
  }

  const route = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(incoming.url ?? '')
    if (path === '/__control') {
      control(JSON.parse(await text(incoming)) as SwarmSettings)
      return json(response, 200, {})
    }
    if (path === '/__state') return json(response, 200, server.state())
    const isAllowed = mayPass(incoming)
    if (incoming.method === 'GET') {
      const file = isAllowed ? worker.file(path.slice(1)) : undefined
      return file
        ? void response.writeHead(200, { 'content-type': 'image/png' }).end(file)
        : void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>')
    }
    const name = /^\/API\/(\w+)$/.exec(path)?.[1]?.toLowerCase()
    if (name === undefined) return void response.writeHead(404).end()
    // Bodies of other types and without a length are refused.
    if (incoming.headers['content-type'] !== 'application/json' || !Number(incoming.headers['content-length'])) {
      return json(response, 400, { error_id: 'basic_api', error: 'Wrong content type' })
    }
    const body = JSON.parse(await text(incoming)) as Record<string, unknown>
    if (name === 'getnewsession') return json(response, 200, newSession(isAllowed))
    if (!sessions.has(String(body.session_id))) {
      return json(response, 401, {
        error: 'Invalid session ID. You may need to refresh the page.',
        error_id: 'invalid_session_id'
      })
    }
    if (name === 'selectmodel') {
      if (options.mayNotLoad)
        return json(response, 200, { error_id: 'bad_permissions', error: 'You lack permissions.' })
      const error = await worker.load(String(body.model))
      return json(response, 200, error === undefined ? { success: true } : { error })
    }
    const [status, told] = answer(name, body)
    return json(response, status, told)
  }

  const open = (socket: WebSocket): void => {
    socket.on('error', () => undefined)
    socket.once('message', (data: Buffer) => {
      const body = JSON.parse(data.toString()) as Record<string, unknown>
      const refuse = (told: object) => socket.send(JSON.stringify(told), () => socket.close())
      if (!sessions.has(String(body.session_id))) {
        return refuse({
          error: 'Invalid session ID. You may need to refresh the page.',
          error_id: 'invalid_session_id'
        })
      }
      if (options.mayNotGenerate) {
        return refuse({ error: 'You lack permissions for this route.', error_id: 'bad_permissions' })
      }
      worker.take(body, socket)
    })
  }

  const http = createServer((incoming, response) => {
    route(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) json(response, 500, { error: String(error) })
    })
  })
  const sockets = new WebSocketServer({
    server: http,
    path: '/API/GenerateText2ImageWS',
    verifyClient: (_info, answer) => (worker.settings.noSocket ? answer(false, 400) : answer(true))
  })
  sockets.on('connection', open)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: FakeSwarm = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    control,
    state: () => ({
      ...worker.state(),
      interrupts,
      sessions: sessions.size,
      cookies,
      loaded: models.filter(({ loaded }) => loaded).map(({ name }) => name)
    }),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      http.closeAllConnections()
      if (!http.listening) return
      http.close()
      await once(http, 'close')
    }
  }
  return server
}
