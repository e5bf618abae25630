import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'
import { describeNode, FAKE_NODES, type FakeFiles, type FakeGraph, judgeGraph } from './fake-comfyui-nodes.ts'
import { createFakeComfyWorker, type FakeJob, type FakeWorker } from './fake-comfyui-worker.ts'
import { readForm } from './read-form.ts'

export interface FakeComfyOptions extends Partial<FakeFiles> {
  port?: number
  apiKey?: string
  /**
   * `old`: takes no id of a client's choosing, interrupts whatever runs, knows no features. `mid`: takes the id, and
   * interrupts that job alone. `new`: cancels by the job's id too.
   */
  age?: 'old' | 'mid' | 'new'
  missingNodes?: string[]
  /** Started with previews; else only those who ask get them, of a new server. */
  previews?: boolean
  /** A proxy that lets no WebSocket through. */
  noSocket?: boolean
  stepMs?: number
  /** Of files, by name: recent versions tell them. */
  sizes?: Record<string, number>
  /** Of its graphics card; absent: it has none to tell of. */
  memory?: { vram_free: number; vram_total: number }
}

/** What the next jobs meet. */
export interface FakeComfySettings {
  /** Jobs stop at their first step until they are interrupted or this is false. */
  stalled?: boolean
  /** What is interrupted goes on until this is false: ComfyUI stops at the end of a step, or when a model is read. */
  deaf?: boolean
  /** All sockets are cut when the next job is at this point, once. */
  cutAt?: 'start' | 'step' | 'picture' | null
  /** The next jobs fail so. */
  failure?: 'oom' | 'error' | null
  /** The next submission is answered with 200 and node errors. */
  halfRefused?: boolean
  /** Previews have so many bytes. */
  previewBytes?: number | null
  /** `/history` has a job this much later than its events say. */
  historyDelayMs?: number
  /** A proxy before it answers so in its place what would take a job from `/history`; null: there is none. */
  historyCutOff?: number | null
  /** Every file that was saved is gone. */
  filesGone?: boolean
  /** Pictures are sent in a kind of frame that says nothing of the node. */
  plainFrames?: boolean
}

export interface FakeComfyCall {
  method: string
  path: string
  json?: Record<string, unknown>
}

export interface FakeComfyServer {
  url: string
  calls: FakeComfyCall[]
  uploads: ReadonlyMap<string, Buffer>
  /** What lies in the owner's folders because of somebody's pictures. */
  savedFiles: ReadonlyMap<string, Buffer>
  historyIds(): string[]
  /** Models that the last sampling has left in memory. */
  inMemory(): string[]
  set(settings: FakeComfySettings): void
  /** Puts a picture of the owner into the queue; it runs until it is interrupted, or let go. */
  queueOwnersJob(): string
  letGo(id: string): void
  wasInterrupted(id: string): boolean
  /** To all clients, as extensions do, and as pictures go of jobs that name no client. */
  broadcast(message: object | Buffer): void
  /** What happens when it is started anew: everything is forgotten. */
  restart(): void
  /** Resolves when a job with this in its graph works and has told its first step, or stands at it. */
  working(): Promise<void>
  runningIds(): string[]
  pendingIds(): string[]
  close(): Promise<void>
}

const USUAL_FILES: FakeFiles = {
  checkpoints: ['sd15.safetensors', 'xl/juggernautXL.safetensors', 'sd15-inpainting.safetensors'],
  diffusionModels: [
    'flux1-dev.safetensors',
    'qwen_image_fp8.safetensors',
    'z_image_turbo_bf16.safetensors',
    'sd3.5_medium.safetensors'
  ],
  textEncoders: [
    'clip_g.safetensors',
    'clip_l.safetensors',
    'qwen_2.5_vl_7b.safetensors',
    'qwen_3_4b.safetensors',
    't5xxl_fp16.safetensors'
  ],
  vaes: ['ae.safetensors', 'qwen_image_vae.safetensors', 'sd3_vae.safetensors'],
  loras: ['styles\\film_grain.safetensors', 'lcm.safetensors']
}

/** A server that speaks ComfyUI's protocol over HTTP and a WebSocket, and makes pictures that say of what they are. */
export async function startFakeComfy(options: FakeComfyOptions = {}): Promise<FakeComfyServer> {
  const files: FakeFiles = { ...USUAL_FILES, ...options }
  const age = options.age ?? 'mid'
  const calls: FakeComfyCall[] = []
  const uploads = new Map<string, Buffer>()
  const sockets = new Map<string, WebSocket>()
  const flagged = new Set<string>()
  const settings: FakeComfySettings = {}
  const missing = options.missingNodes ?? []
  const has = (name: string) => name in FAKE_NODES && !missing.includes(name)

  const sendTo = (client: string | undefined, message: object | Buffer) => {
    const targets = client === undefined ? [...sockets.values()] : [sockets.get(client)]
    for (const socket of targets) socket?.send(Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }
  const cutSockets = () => {
    for (const socket of sockets.values()) socket.terminate()
    sockets.clear()
  }
  const worker: FakeWorker = createFakeComfyWorker({
    settings,
    uploads,
    stepMs: options.stepMs ?? 1,
    showsPreviews: (job) => options.previews === true || (age === 'new' && job.extra.preview_method !== undefined),
    sendTo,
    withMetadata: (client) => flagged.has(client) && settings.plainFrames !== true,
    cutSockets,
    status: () => ({ type: 'status', data: { status: worker.status() } })
  })

  const submit = (body: Record<string, unknown>, response: ServerResponse) => {
    const graph = body.prompt as FakeGraph | undefined
    if (!graph)
      return json(response, 400, { error: { type: 'no_prompt', message: 'No prompt provided' }, node_errors: {} })
    const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(body.prompt_id))
    if (age === 'new' && body.prompt_id !== undefined && !isUuid) {
      return json(response, 400, { error: { type: 'invalid_prompt_id', message: 'Invalid id' }, node_errors: {} })
    }
    const hasUpload = (name: string) => uploads.has(name)
    const { refusal, nodeErrors, outputs } = judgeGraph(graph, { files, has, hasUpload })
    if (refusal) return json(response, 400, refusal)
    const id = age === 'old' || body.prompt_id === undefined ? randomUUID() : String(body.prompt_id)
    const targets = age === 'old' ? undefined : (body.partial_execution_targets as string[] | undefined)
    const job: FakeJob = {
      id,
      graph,
      client: String(body.client_id ?? ''),
      number: typeof body.number === 'number' ? body.number : worker.nextNumber(),
      outputs: outputs.filter((output) => targets?.includes(output) ?? true),
      extra: (body.extra_data ?? {}) as Record<string, unknown>
    }
    worker.add(job)
    const wrong = {
      type: 'required_input_missing',
      message: 'Required input is missing',
      extra_info: { input_name: 'x' }
    }
    const half = { 9: { errors: [wrong], dependent_outputs: ['9'], class_type: 'SaveImage' } }
    const errors = settings.halfRefused ? half : nodeErrors
    settings.halfRefused = false
    json(response, 200, { prompt_id: id, number: job.number, node_errors: errors })
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://fake')
    const path = url.pathname
    const route = `${request.method} ${path.replace(/^\/api(?!\/jobs)/, '')}`
    const call: FakeComfyCall = { method: request.method ?? '', path: `${path}${url.search}` }
    calls.push(call)
    if (options.apiKey && request.headers.authorization !== `Bearer ${options.apiKey}`) return json(response, 401, {})
    if (request.headers.origin !== undefined) return void response.writeHead(403).end()
    if (route === 'POST /upload/image') {
      const form = await readForm(request)
      const file = form.files.find(({ field }) => field === 'image')
      if (!file) return void response.writeHead(400).end()
      const type = form.fields.type ?? 'input'
      uploads.set(type === 'temp' ? `${file.filename} [temp]` : file.filename, file.bytes)
      return json(response, 200, { name: file.filename, subfolder: '', type })
    }
    if (request.method === 'POST') call.json = JSON.parse((await text(request)) || '{}') as Record<string, unknown>
    const body = call.json ?? {}
    const [, jobToCancel] = /^POST \/api\/jobs\/([^/]+)\/cancel$/.exec(route) ?? []
    const [, nodeName] = /^GET \/object_info\/(.+)$/.exec(route) ?? []
    const [, historyId] = /^GET \/history\/(.+)$/.exec(route) ?? []
    if (route === 'POST /prompt') return submit(body, response)
    if (route === 'GET /queue') return json(response, 200, worker.queue())
    if (route === 'GET /features' && age !== 'old') return json(response, 200, { supports_preview_metadata: true })
    if (nodeName !== undefined) {
      const name = decodeURIComponent(nodeName)
      return json(response, 200, has(name) ? { [name]: describeNode(name, files) } : {})
    }
    if (historyId !== undefined) return json(response, 200, worker.history(historyId))
    if (jobToCancel !== undefined && age === 'new') {
      return json(response, 200, { cancelled: worker.remove(jobToCancel) || worker.interrupt(jobToCancel) })
    }
    if (route === 'POST /queue') {
      for (const id of (body.delete ?? []) as string[]) worker.remove(id)
      return void response.writeHead(200).end()
    }
    if (route === 'POST /interrupt') {
      worker.interrupt(age === 'old' ? undefined : (body.prompt_id as string | undefined))
      return void response.writeHead(200).end()
    }
    if (route === 'POST /history') {
      if (settings.historyCutOff) return json(response, settings.historyCutOff, {})
      for (const id of (body.delete ?? []) as string[]) worker.forget(id)
      return void response.writeHead(200).end()
    }
    if (route === 'POST /free') {
      worker.freeMemory()
      return void response.writeHead(200).end()
    }
    if (route === 'GET /view') {
      const bytes = worker.savedFiles.get(`${url.searchParams.get('type')}/${url.searchParams.get('filename')}`)
      if (!bytes || settings.filesGone) return void response.writeHead(404).end()
      return void response.writeHead(200, { 'content-type': 'image/png' }).end(bytes)
    }
    if (route === 'GET /system_stats') {
      const system = { os: 'posix', comfyui_version: '0.3.64', argv: ['main.py'] }
      return json(response, 200, { system, devices: [{ name: 'cpu', type: 'cpu', ...options.memory }] })
    }
    const [, folder] = /^GET \/experiment\/models\/(.+)$/.exec(route) ?? []
    if (folder !== undefined && options.sizes) {
      const names =
        folder === 'checkpoints' ? files.checkpoints : folder === 'loras' ? files.loras : files.diffusionModels
      const listed = names.map((name) => ({ name, pathIndex: 0, modified: 1, created: 1, size: options.sizes?.[name] }))
      return json(response, 200, listed)
    }
    response.writeHead(404).end('404: Not Found')
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  const upgrades = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, stream, head) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    const isAllowed = !options.apiKey || request.headers.authorization === `Bearer ${options.apiKey}`
    if (options.noSocket || !isAllowed || !url.pathname.endsWith('/ws'))
      return void stream.end('HTTP/1.1 404 Not Found\r\n\r\n')
    upgrades.handleUpgrade(request, stream, head, (socket) => {
      const client = url.searchParams.get('clientId') || randomUUID()
      sockets.get(client)?.terminate()
      sockets.set(client, socket)
      flagged.delete(client)
      socket.send(JSON.stringify({ type: 'status', data: { status: worker.status(), sid: client } }))
      const node = worker.nodeOf(client)
      if (node !== undefined) socket.send(JSON.stringify({ type: 'executing', data: { node } }))
      socket.once('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type?: string }
        if (age === 'old' || message.type !== 'feature_flags') return
        flagged.add(client)
        socket.send(JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }))
      })
      socket.on('close', () => {
        if (sockets.get(client) === socket) sockets.delete(client)
      })
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    uploads,
    savedFiles: worker.savedFiles,
    historyIds: () => worker.historyIds(),
    inMemory: () => worker.inMemory(),
    set: (change) => {
      Object.assign(settings, change)
      worker.wake()
    },
    queueOwnersJob: () => worker.addOwnersJob(),
    letGo: (id) => worker.letGo(id),
    wasInterrupted: (id) => worker.wasInterrupted(id),
    broadcast: (message) => sendTo(undefined, message),
    restart: () => {
      cutSockets()
      worker.restart()
    },
    working: () => worker.working(),
    runningIds: () => worker.queue().queue_running.map(([, id]) => String(id)),
    pendingIds: () => worker.queue().queue_pending.map(([, id]) => String(id)),
    close: async () => {
      worker.restart()
      cutSockets()
      server.closeAllConnections()
      server.close()
      upgrades.close()
      await once(server, 'close')
    }
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
