import type { EngineRun } from '../engine.ts'
import { MAX_PREVIEW_BYTES } from '../image-text.ts'
import { type JobEnd, parseFiles } from './comfyui-api.ts'
import type { PictureFrame } from './comfyui-frames.ts'
import type { ServerFile } from './comfyui-http.ts'
import type { Plan } from './graph.ts'

/** What is known of one job, from the events of its client. Every job has a client of its own. */
export class JobState {
  readonly id: string
  readonly #plan: Pick<Plan, 'samplers' | 'output'>
  readonly #run: EngineRun
  readonly #steps = new Map<string, { value: number; max: number }>()
  #part = 0
  #node: string | undefined
  #change = Promise.withResolvers<void>()

  #started = false
  end: JobEnd | undefined
  /** The finished picture, when it came through the socket. */
  picture: Buffer | undefined
  readonly files = new Map<string, ServerFile[]>()
  /** When something was heard of it last, in the terms of `performance.now`. */
  heardAt = performance.now()

  constructor(id: string, plan: Pick<Plan, 'samplers' | 'output'>, run: EngineRun) {
    this.id = id
    this.#plan = plan
    this.#run = run
  }

  /** Resolves when there is something to look at. */
  get changed(): Promise<void> {
    return this.#change.promise
  }

  /** Whether work on it has begun. */
  get started(): boolean {
    return this.#started
  }

  begin(): void {
    if (this.#started) return
    this.#started = true
    this.heardAt = performance.now()
    this.#run.onBegun()
  }

  wake(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }

  finish(end: JobEnd): void {
    this.end ??= end
    for (const [node, files] of end.outputs) if (!this.files.has(node)) this.files.set(node, files)
    this.wake()
  }

  onEvent(type: string, data: Record<string, unknown>): void {
    // One that names a node and no job tells a client that has come back which is being worked on. What else names none goes to
    // all clients, from extensions of the owner, say, and tells nothing of ours.
    const isReturn = data.prompt_id === undefined && type === 'executing' && typeof data.node === 'string'
    if (data.prompt_id !== this.id && !isReturn) return
    this.heardAt = performance.now()
    this.begin()
    if (type === 'executing') this.#onExecuting(data)
    else if (type === 'progress') this.#onProgress(data)
    else if (type === 'executed') this.#onExecuted(data)
    else if (type === 'execution_error') this.finish({ kind: 'failed', error: data, outputs: new Map() })
    else if (type === 'execution_interrupted') this.finish({ kind: 'interrupted', outputs: new Map() })
  }

  onPicture({ bytes, mediaType, node, job }: PictureFrame): void {
    // Of a job that names no client all clients get the pictures: while ours waits they are of somebody else's.
    if (!this.#started || (job !== undefined && job !== this.id)) return
    this.heardAt = performance.now()
    // Where the frame does not say of which node it is, it is of the one that is being worked on.
    if ((node ?? this.#node) === this.#plan.output.node) this.picture = bytes
    else if (bytes.length <= MAX_PREVIEW_BYTES) this.#run.onPreview(bytes, mediaType)
  }

  #onExecuting({ node }: Record<string, unknown>): void {
    if (typeof node === 'string') this.#node = node
    // After the history has it, as `execution_success` is not.
    else if (node === null) this.finish({ kind: 'done', outputs: new Map() })
  }

  #onExecuted({ node, output }: Record<string, unknown>): void {
    if (typeof node === 'string') this.files.set(node, parseFiles(output))
  }

  /** Steps of samplers alone: others count other things. Of several, all are taken to have as many as the one that works. */
  #onProgress({ node, value, max }: Record<string, unknown>): void {
    if (typeof node !== 'string' || typeof value !== 'number' || typeof max !== 'number') return
    const { samplers } = this.#plan
    if (!samplers.includes(node) || !(max > 0) || !(value >= 0) || !Number.isFinite(max)) return
    this.#steps.set(node, { value: Math.min(value, max), max })
    const done = [...this.#steps.values()].reduce((sum, one) => sum + one.value / one.max, 0)
    const steps = Math.round(max * samplers.length)
    const step = Math.round(done * max)
    // Of one that begins anew nothing is told until it is further than before.
    if (step / steps < this.#part) return
    this.#part = step / steps
    this.#run.onProgress(step, steps)
  }
}
