import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { drawEdited, drawGenerated } from './fake-openai-pictures.ts'
import { FAKE_INVOKE_NODES } from './fake-invokeai-nodes.ts'

export interface InvokeSettings {
  /** Items stop at their first step, or the processor is paused; false lets them go on. */
  hold?: 'step' | 'queue' | false
  /** The next item fails with this. */
  failItem?: { type: string; message: string }
  /** All sockets are cut when the next item works. */
  cutSockets?: boolean
  /** Items in progress are canceled, as when it starts anew. */
  restart?: boolean
  /** The owner deletes all items, or cancels them. */
  owner?: 'delete' | 'cancel'
  /** So many looks after items break the connection. */
  breakLooks?: number
  /** A preview of so many bytes. */
  previewBytes?: number
  /** Laid over the answers of these routes. */
  models?: unknown
  item?: object
  /** The image that is delivered. */
  image?: string
  /** Packets of its stream beside its own. */
  junk?: string[]
  /** Hand-ins are answered only when this is taken back. */
  slow?: boolean
  enqueued?: unknown
}

export interface FakeInvokeGraph {
  id: string
  nodes: Record<string, { id: string; type: string; [input: string]: unknown }>
  edges: { source: { node_id: string; field: string }; destination: { node_id: string; field: string } }[]
}

export interface FakeItem {
  id: number
  batch: string
  graph: FakeInvokeGraph
  status: 'pending' | 'in_progress' | 'completed' | 'failed' | 'canceled'
  error?: { type: string; message: string } | undefined
  image?: string
}

type Emit = (name: string, data: object) => void

/** One processor and the queue before it, and the images that it has. */
export function createFakeInvokeWorker({ emit, cutSockets }: { emit: Emit; cutSockets: () => void }) {
  let items: FakeItem[] = []
  const graphs: FakeInvokeGraph[] = []
  const images = new Map<string, { bytes: Buffer; isIntermediate: boolean }>()
  /** What graphs gave, by their content: they are not worked on twice, but where their nodes say so. */
  const cache = new Map<string, string>()
  let settings: InvokeSettings = {}
  let inMemory: unknown
  let count = 0
  let wake = Promise.withResolvers<void>()

  const next = () => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const store = (bytes: Buffer, isIntermediate: boolean): string => {
    const name = `${String((count += 1)).padStart(8, '0')}-0000-4000-8000-000000000000.png`
    images.set(name, { bytes, isIntermediate })
    return name
  }
  const told = (item: FakeItem, more: object) => ({
    queue_id: 'default',
    item_id: item.id,
    batch_id: item.batch,
    origin: null,
    destination: null,
    ...more
  })
  const tellStatus = (item: FakeItem) => emit('queue_item_status_changed', told(item, { status: item.status }))
  const isOver = ({ status }: FakeItem) => !['pending', 'in_progress'].includes(status)
  const held = async (item: FakeItem, at: 'step' | 'queue') => {
    while (settings.hold === at && !isOver(item)) await wake.promise
  }

  /** What FastAPI says of a body that its models refuse; undefined for one that they take. */
  const judge = ({ nodes, edges }: FakeInvokeGraph): { loc: string[]; msg: string }[] | undefined => {
    for (const { id: _id, type, ...inputs } of Object.values(nodes)) {
      const known = FAKE_INVOKE_NODES[type]
      if (!known) return [{ loc: ['body', 'batch', 'graph', 'nodes', type], msg: `no such node ${type}` }]
      for (const [name, value] of Object.entries(inputs)) {
        const isSide = name === 'width' || name === 'height'
        if (isSide && Number(value) % (type === 'flux_denoise' ? 16 : 8) !== 0) {
          return [{ loc: ['body', name], msg: 'Input should be a multiple of 8' }]
        }
        if (![...known.inputs, 'is_intermediate', 'use_cache'].includes(name))
          return [{ loc: ['body', name], msg: 'extra' }]
      }
    }
    const isBroken = edges.some(
      ({ source, destination }) =>
        !FAKE_INVOKE_NODES[nodes[source.node_id]?.type ?? '']?.outputs.includes(source.field) ||
        !FAKE_INVOKE_NODES[nodes[destination.node_id]?.type ?? '']?.inputs.includes(destination.field)
    )
    return isBroken ? [{ loc: ['body', 'edges'], msg: 'Edge source and target types do not match' }] : undefined
  }

  /** The node that an input comes from. */
  const sourceOf = ({ nodes, edges }: FakeInvokeGraph, node: string, field: string) => {
    const edge = edges.find(({ destination }) => destination.node_id === node && destination.field === field)
    return edge && nodes[edge.source.node_id]
  }
  const find = (graph: FakeInvokeGraph, pattern: RegExp) =>
    Object.values(graph.nodes).find(({ type }) => pattern.test(type))
  const imageOf = (value: unknown): Buffer => {
    const { image_name: name } = value as { image_name: string }
    const image = images.get(name)
    if (!image) throw new Error(`ImageFileNotFoundException: ${name}`)
    return image.bytes
  }

  const draw = async (graph: FakeInvokeGraph): Promise<Buffer> => {
    const denoise = find(graph, /^(?:denoise_latents|flux_denoise)$/)!
    const noise = sourceOf(graph, denoise.id, 'noise') ?? denoise
    const encode = sourceOf(graph, denoise.id, 'latents')
    const hole = sourceOf(graph, denoise.id, 'denoise_mask')
    const size = { width: Number(noise.width), height: Number(noise.height) }
    const drawing = { size, seed: Number(noise.seed), format: 'png' as const }
    const words = Object.values(graph.nodes).filter(({ type }) => /compel|text_encoder|lora|loader/.test(type))
    if (!encode) return drawGenerated({ ...drawing, prompt: JSON.stringify(words) })
    const images = [imageOf(encode.image)]
    const { width, height } = await sharp(images[0]).metadata()
    if (width !== size.width || height !== size.height)
      throw new Error('The size of tensor a must match the size of tensor b')
    // What is black in its masks is drawn anew.
    const mask = hole && (await sharp(imageOf(hole.mask)).negate().png().toBuffer())
    return drawEdited({ ...drawing, images, mask, maskReading: 'white' })
  }

  const drawPreview = async (): Promise<string> => {
    const picture = await drawGenerated({ size: { width: 16, height: 16 }, seed: 1, format: 'jpeg', prompt: '' })
    const more = Buffer.alloc(Math.max(0, (settings.previewBytes ?? 0) - picture.length))
    return `data:image/jpeg;base64,${Buffer.concat([picture, more]).toString('base64')}`
  }

  const work = async (item: FakeItem): Promise<void> => {
    await held(item, 'queue')
    while (items.some((other) => other.id < item.id && !isOver(other)) && !isOver(item)) await wake.promise
    if (isOver(item)) return
    item.status = 'in_progress'
    tellStatus(item)
    const denoise = find(item.graph, /^(?:denoise_latents|flux_denoise)$/)!
    const step = (node: string, part: number | null, image: object | null) =>
      emit('invocation_progress', told(item, { invocation_source_id: node, message: 'x', percentage: part, image }))
    step('model', null, null)
    if (settings.cutSockets) {
      settings.cutSockets = false
      cutSockets()
    }
    for (let at = 1; at <= 4; at++) {
      step(
        denoise.id,
        at / 4,
        at === 2 || settings.previewBytes ? { width: 16, height: 16, dataURL: await drawPreview() } : null
      )
      // Somebody else's item, on another device.
      emit('invocation_progress', { queue_id: 'default', item_id: 999, batch_id: 'owner', invocation_source_id: denoise.id, percentage: 1, image: null }) // prettier-ignore
      if (at === 1) await held(item, 'step')
      if (isOver(item)) return
    }
    item.error = settings.failItem
    delete settings.failItem
    if (item.error) return end(item, 'failed')
    const { id: _id, ...content } = item.graph
    const output = find(item.graph, /^(?:l2i|flux_vae_decode)$/)!
    const key = JSON.stringify(content)
    const cached = output.use_cache === false ? undefined : cache.get(key)
    if (cached === undefined) inMemory = find(item.graph, /_model_loader$/)?.model
    const picture = withText(await draw(item.graph))
    if (isOver(item)) return
    item.image = cached ?? store(picture, output.is_intermediate === true)
    cache.set(key, item.image)
    end(item, 'completed')
  }

  const end = (item: FakeItem, status: FakeItem['status']) => {
    item.status = status
    tellStatus(item)
    next()
  }

  return {
    get settings() {
      return settings
    },
    images,
    store,
    judge,
    control: (change: InvokeSettings): void => {
      settings = { ...settings, ...change }
      if (change.restart) for (const item of items) if (item.status === 'in_progress') item.status = 'canceled'
      if (change.owner) {
        for (const item of items) if (!isOver(item)) item.status = 'canceled'
        if (change.owner === 'delete') items = []
      }
      next()
    },
    take: (batch: string, graph: FakeInvokeGraph): FakeItem => {
      const item: FakeItem = { id: (count += 1), batch, graph, status: 'pending' }
      items.push(item)
      graphs.push(graph)
      work(item).catch((error: unknown) => {
        item.error = { type: 'RuntimeError', message: String(error) }
        end(item, 'failed')
      })
      return item
    },
    counts: () => {
      const count = (status: FakeItem['status']) => items.filter((item) => item.status === status).length
      return { pending: count('pending'), in_progress: count('in_progress') }
    },
    find: (id: number) => items.find((item) => item.id === id),
    cancel: (item: FakeItem) => {
      if (!isOver(item)) end(item, 'canceled')
    },
    remove: (item: FakeItem) => {
      if (!isOver(item)) end(item, 'canceled')
      items = items.filter((one) => one !== item)
    },
    state: () => ({
      graphs,
      /** The model of the last graph that was worked on. */
      inMemory,
      statuses: items.map(({ status }) => status),
      images: [...images].map(([name, { isIntermediate }]) => ({ name, isIntermediate }))
    })
  }
}

/** As InvokeAI saves a picture: with all of its graph in it. */
function withText(png: Buffer): Buffer {
  const text = Buffer.from('invokeai_graph\0a secret prompt', 'latin1')
  const chunk = Buffer.alloc(12 + text.length)
  chunk.writeUInt32BE(text.length, 0)
  chunk.write('tEXt', 4, 'latin1')
  text.copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4)
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)])
}
