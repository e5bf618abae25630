import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ancestry, FAKE_NODES, type FakeGraph } from './fake-comfyui-nodes.ts'
import { encodePng, encodePreview, runNode, sketch } from './fake-comfyui-pixels.ts'
import type { FakeComfySettings } from './fake-comfyui-server.ts'
import type { Pixels } from './fake-openai-pictures.ts'

export interface FakeJob {
  id: string
  graph: FakeGraph
  client: string
  number: number
  outputs: string[]
  extra: Record<string, unknown>
  /** The owner's own: it runs until it is let go. */
  isOwners?: boolean
}

interface FakeComfyWorkerParts {
  settings: FakeComfySettings
  uploads: ReadonlyMap<string, Buffer>
  stepMs: number
  showsPreviews(job: FakeJob): boolean
  /** Undefined: everybody. */
  sendTo(client: string | undefined, message: object | Buffer): void
  withMetadata(client: string): boolean
  cutSockets(): void
  status(): object
}

export type FakeWorker = ReturnType<typeof createFakeComfyWorker>

class Interrupted extends Error {}

/** One thread that works through a queue, remembers what nodes gave and how jobs ended, and tells about it. */
export function createFakeComfyWorker(parts: FakeComfyWorkerParts) {
  const { settings } = parts
  let pending: FakeJob[] = []
  let running: FakeJob | undefined
  let interrupt = false
  let node: string | undefined
  let counter = 0
  /** A restarted worker does not go on with what it did. */
  let life = 0
  let change = Promise.withResolvers<void>()
  let works = Promise.withResolvers<void>()
  let inMemory: string[] = []
  const letGo = new Set<string>()
  const interrupted = new Set<string>()
  const history = new Map<string, object>()
  const cache = new Map<string, unknown[]>()
  const savedFiles = new Map<string, Buffer>()

  const wake = () => {
    change.resolve()
    change = Promise.withResolvers()
  }
  const status = () => ({ exec_info: { queue_remaining: pending.length + (running ? 1 : 0) } })
  const tell = (job: FakeJob, type: string, data: object) =>
    parts.sendTo(job.client, { type, data: { ...data, prompt_id: job.id } })
  const checkInterrupt = (born: number) => {
    if (interrupt || born !== life) throw new Interrupted()
  }
  const cut = (at: FakeComfySettings['cutAt']) => {
    if (settings.cutAt !== at) return
    settings.cutAt = null
    parts.cutSockets()
  }
  const until = async (isOver: () => boolean, born: number) => {
    while (!isOver()) {
      if (settings.deaf !== true) checkInterrupt(born)
      await change.promise
    }
    checkInterrupt(born)
  }

  const signatureOf = (graph: FakeGraph, id: string): string =>
    JSON.stringify([
      graph[id]!.class_type,
      Object.entries(graph[id]!.inputs)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => [name, Array.isArray(value) ? [signatureOf(graph, String(value[0])), value[1]] : value])
    ])

  const frameOf = (job: FakeJob, id: string, bytes: Buffer, type: 'jpeg' | 'png'): Buffer => {
    const head = Buffer.alloc(8)
    if (!parts.withMetadata(job.client)) {
      head.writeUInt32BE(1, 0)
      head.writeUInt32BE(type === 'jpeg' ? 1 : 2, 4)
      return Buffer.concat([head, bytes])
    }
    const metadata = Buffer.from(JSON.stringify({ node_id: id, prompt_id: job.id, image_type: `image/${type}` }))
    head.writeUInt32BE(4, 0)
    head.writeUInt32BE(metadata.length, 4)
    return Buffer.concat([head, metadata, bytes])
  }

  const sample = async (job: FakeJob, id: string, born: number) => {
    const steps = Number(job.graph[id]!.inputs.steps)
    const loaders = ancestry(job.graph, id).map((one) => job.graph[one]!.inputs)
    inMemory = loaders.flatMap(({ ckpt_name, unet_name }) => [ckpt_name, unet_name].filter((name) => name !== undefined)).map(String) // prettier-ignore
    if (Number(job.graph[id]!.inputs.denoise) === 0) return
    for (let step = 1; step <= steps; step++) {
      if (parts.stepMs > 0) await pause(parts.stepMs)
      checkInterrupt(born)
      tell(job, 'progress_state', { nodes: { [id]: { value: step, max: steps, state: 'running' } } })
      if (parts.showsPreviews(job)) {
        const bytes = settings.previewBytes ? Buffer.alloc(settings.previewBytes, 1) : await encodePreview(sketch(step))
        parts.sendTo(job.client, frameOf(job, id, bytes, 'jpeg'))
      }
      tell(job, 'progress', { value: step, max: steps, node: id })
      works.resolve()
      if (step === 1) {
        cut('step')
        await until(() => settings.stalled !== true || letGo.has(job.id), born)
      }
    }
  }

  const save = async (job: FakeJob, id: string, picture: Pixels): Promise<object[]> => {
    const png = await encodePng(picture)
    if (job.graph[id]!.class_type === 'SaveImageWebsocket') {
      cut('picture')
      parts.sendTo(job.client, frameOf(job, id, png, 'png'))
      tell(job, 'progress', { value: 0, max: 1, node: id })
      return []
    }
    const type = job.graph[id]!.class_type === 'PreviewImage' ? 'temp' : 'output'
    const filename = `ComfyUI_${String(++counter).padStart(5, '0')}_.png`
    savedFiles.set(`${type}/${filename}`, png)
    settings.filesGone = false
    return [{ filename, subfolder: '', type }]
  }

  const runGraph = async (job: FakeJob, born: number): Promise<Record<string, { images: object[] }>> => {
    const values = new Map<string, unknown[]>()
    const outputs: Record<string, { images: object[] }> = {}
    const order = [...new Set(job.outputs.flatMap((output) => ancestry(job.graph, output)))]
    const signatures = new Map(order.map((id) => [id, signatureOf(job.graph, id)]))
    const isCached = (id: string) =>
      job.graph[id]!.class_type !== 'SaveImageWebsocket' && cache.has(signatures.get(id)!)
    tell(job, 'execution_cached', { nodes: order.filter(isCached), timestamp: Date.now() })
    cut('start')
    for (const id of order) {
      checkInterrupt(born)
      const isOutput = FAKE_NODES[job.graph[id]!.class_type]!.isOutput
      const known = isCached(id) ? cache.get(signatures.get(id)!) : undefined
      if (!known) {
        node = id
        tell(job, 'executing', { node: id, display_node: id })
        if (job.graph[id]!.class_type === 'KSampler') await sample(job, id, born)
        if (settings.failure) throw new Error(settings.failure)
      }
      const { inputs } = job.graph[id]!
      const valueOf = (link: unknown) => {
        const [from, output] = link as [string, number]
        return values.get(from)?.[output]
      }
      const open = (name: string) => parts.uploads.get(name)!
      const made =
        known ??
        (isOutput
          ? await save(job, id, valueOf(inputs.images) as Pixels)
          : await runNode(job.graph[id]!, { valueOf, open }))
      values.set(id, made)
      cache.set(signatures.get(id)!, made)
      if (!isOutput || made.length === 0) continue
      outputs[id] = { images: made as object[] }
      tell(job, 'executed', { node: id, display_node: id, output: outputs[id] })
    }
    return outputs
  }

  const run = async (job: FakeJob): Promise<void> => {
    const born = life
    const messages: unknown[] = []
    const note = (type: string, data: object) => {
      messages.push([type, { ...data, prompt_id: job.id }])
      tell(job, type, data)
    }
    let outputs = {}
    let isGood = true
    note('execution_start', { timestamp: Date.now() })
    try {
      if (job.isOwners) await until(() => letGo.has(job.id), born)
      else outputs = await runGraph(job, born)
      note('execution_success', { timestamp: Date.now() })
    } catch (error) {
      isGood = false
      if (born !== life) return
      const at = { node_id: node, node_type: job.graph[node ?? '']?.class_type, executed: [] }
      if (error instanceof Interrupted) {
        interrupted.add(job.id)
        note('execution_interrupted', at)
      } else {
        const isMemory = settings.failure === 'oom'
        note('execution_error', {
          ...at,
          exception_type: isMemory ? 'torch.OutOfMemoryError' : 'RuntimeError',
          exception_message: isMemory
            ? 'Allocation on device'
            : `no such thing in /home/owner/models at 10.0.0.3:99 (${String(error)})`,
          traceback: ['File "/home/owner/ComfyUI/execution.py"'],
          current_inputs: { text: ['a secret prompt'] }
        })
        settings.failure = null
      }
    }
    const entry = { outputs, status: { status_str: isGood ? 'success' : 'error', completed: isGood, messages } }
    if (settings.historyDelayMs) await pause(settings.historyDelayMs)
    if (born !== life) return
    history.set(job.id, entry)
    interrupt = false
    running = undefined
    node = undefined
    parts.sendTo(undefined, parts.status())
    tell(job, 'executing', { node: null })
  }

  const next = async (): Promise<void> => {
    if (running || pending.length === 0) return
    pending.sort((a, b) => a.number - b.number)
    running = pending.shift()
    parts.sendTo(undefined, parts.status())
    await run(running!)
    await next()
  }
  const add = (job: FakeJob) => {
    pending.push(job)
    parts.sendTo(undefined, parts.status())
    // The answer to the submission comes before what is told of it.
    setImmediate(() => next().catch((error: unknown) => process.emitWarning(String(error))))
  }

  return {
    add,
    addOwnersJob: () => {
      const id = randomUUID()
      add({ id, graph: {}, client: 'owner', number: counter++, outputs: [], extra: {}, isOwners: true })
      return id
    },
    nextNumber: () => counter++,
    letGo: (id: string) => {
      letGo.add(id)
      wake()
    },
    wake,
    wasInterrupted: (id: string) => interrupted.has(id),
    remove: (id: string): boolean => {
      const before = pending.length
      pending = pending.filter((job) => job.id !== id)
      return pending.length < before
    },
    /** Undefined: whatever runs. */
    interrupt: (id: string | undefined): boolean => {
      if (!running || (id !== undefined && running.id !== id)) return false
      interrupt = true
      wake()
      return true
    },
    inMemory: () => inMemory,
    /** What its cache holds stays. */
    freeMemory: () => {
      inMemory = []
    },
    forget: (id: string) => history.delete(id),
    history: (id: string) => (history.has(id) ? { [id]: history.get(id) } : {}),
    historyIds: () => [...history.keys()],
    queue: () => {
      const item = (job: FakeJob) => [job.number, job.id, job.graph, job.extra, job.outputs]
      return { queue_running: running ? [item(running)] : [], queue_pending: pending.map(item) }
    },
    status,
    nodeOf: (client: string) => (running?.client === client ? node : undefined),
    working: () => {
      works = Promise.withResolvers()
      return works.promise
    },
    restart: () => {
      life += 1
      pending = []
      running = undefined
      interrupt = false
      node = undefined
      history.clear()
      cache.clear()
      inMemory = []
      wake()
    },
    savedFiles: savedFiles as ReadonlyMap<string, Buffer>
  }
}
