import { randomUUID } from 'node:crypto'
import OpenAI from 'openai'
import { waitFor } from '../support/wait-for.ts'
import type { ImagesAnswer, JobAnswer } from '../support/image-calls.ts'
import { Unchecked } from './acceptance-case.ts'
import { askPatiently } from './ask-patiently.ts'

export interface ClubOptions {
  /** With or without the `/v1` at its end. */
  baseUrl: string
  key: string
  /** The model that pictures are asked of; without it the first listed one that can do the most. */
  model?: string | undefined
  /** Of generated pictures, `WIDTHxHEIGHT`. */
  size?: string | undefined
  /** A model that takes so long that a job can be caught running; without it, `model` with many steps. */
  slowModel?: string | undefined
  /** A model whose image server always fails. */
  failingModel?: string | undefined
  /** A model whose image server refuses every prompt for its content. */
  refusingModel?: string | undefined
  /** A key of somebody else, who is no admin. */
  otherKey?: string | undefined
  /** A key with the scope `admin`. */
  adminKey?: string | undefined
  /** A key without the scope `generate`. */
  agentKey?: string | undefined
  /** A key that may make one image a day and at most twenty calls a minute. */
  limitedKey?: string | undefined
  /** Hears for how long the run waits because its key may make no more calls for now. */
  onWait?: (ms: number) => void
}

export interface Answer<T> {
  status: number
  headers: Headers
  bytes: Buffer
  text: string
  /** What the text is as JSON; undefined when it is none. */
  body: T
}

export interface CallOptions {
  method?: string
  /** Null sends none. */
  key?: string | null
  json?: unknown
  form?: FormData
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
  /** That there were too many calls in a minute is what is looked for, and nothing to wait for. */
  isImpatient?: boolean
}

export interface ListedModel {
  id: string
  object: string
  created: number
  owned_by: string
  service_type: string
  input_modalities: string[]
  output_modalities: string[]
  supported_features: string[]
  sizes: string[]
  providers: number
  queued: number
}

export type Fields = Record<string, unknown>

/** How long a job is waited for, and how often it is asked for: each look is one of the calls that a key may make. */
export const POLLING = [300_000, 100] as const
const ENDED = ['PROCESSED', 'FAILED', 'CANCELED']

/** A club as its users see it: an address and a key. It remembers what it had made, so that it can be deleted. */
export class Club {
  readonly options: ClubOptions
  /** Of all paths, without a slash at its end. */
  readonly root: string
  readonly client: OpenAI
  /** In every prompt, so that what the run made is found again. */
  readonly mark = `acceptance-${randomUUID().slice(0, 8)}`
  readonly #requests = new Set<string>()
  readonly #startedAt = Math.floor(Date.now() / 1000) - 60
  #models: Promise<ListedModel[]> | undefined
  #picture: Promise<ImagesAnswer> | undefined

  constructor(options: ClubOptions) {
    this.options = options
    this.root = options.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')
    this.client = new OpenAI({
      baseURL: `${this.root}/v1`,
      apiKey: options.key,
      maxRetries: 0,
      fetch: (...call) => this.patiently(() => fetch(...call))
    })
  }

  get size(): string {
    return this.options.size ?? '512x512'
  }

  get prompt(): string {
    return `a red fox in the snow, ${this.mark}`
  }

  /** Whatever this run sends goes this way: it may make more calls in a minute than its key may. */
  patiently<T extends { status: number; headers: Headers }>(ask: () => Promise<T>): Promise<T> {
    return askPatiently(ask, this.options.onWait)
  }

  /** Below the club's root, with its key. */
  async call<T = Fields>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
    return this.fetch<T>(this.root + path, options)
  }

  async fetch<T = Fields>(url: string, options: CallOptions = {}): Promise<Answer<T>> {
    const { json, form, key = this.options.key } = options
    const body = options.body ?? form ?? (json === undefined ? undefined : JSON.stringify(json))
    const method = options.method ?? (body === undefined ? 'GET' : 'POST')
    const headers = {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...options.headers
    }
    const ask = () => fetch(url, { method, redirect: 'manual', ...(body !== undefined && { body }), headers })
    const response = await (options.isImpatient ? ask() : this.patiently(ask))
    const bytes = Buffer.from(await response.arrayBuffer())
    const text = bytes.toString()
    const answer = { status: response.status, headers: response.headers, bytes, text, body: parsed(text) as T }
    if (method === 'POST') this.remember(answer.body)
    return answer
  }

  /** A generation; fields beside model, prompt and size. */
  async generate<T = ImagesAnswer>(fields: Fields = {}, options: CallOptions = {}): Promise<Answer<T>> {
    return this.call<T>('/v1/images/generations', { json: await this.fields(fields), ...options })
  }

  async fields(fields: Fields = {}): Promise<Fields> {
    return { model: (await this.model()).id, prompt: this.prompt, size: this.size, ...fields }
  }

  /** An edit or a variation as a form. */
  async edit<T = ImagesAnswer>(parts: [string, string | Blob][], path = '/v1/images/edits'): Promise<Answer<T>> {
    const named = new Set(parts.map(([name]) => name))
    const form = new FormData()
    if (!named.has('model')) form.append('model', (await this.model()).id)
    if (!named.has('prompt') && path.endsWith('/edits')) form.append('prompt', this.prompt)
    for (const [name, value] of parts) form.append(name, value)
    return this.call<T>(path, { form })
  }

  /** A job that is accepted, and what it was accepted with. */
  async startJob(fields: Fields = {}, options: CallOptions = {}): Promise<Answer<JobAnswer>> {
    const answer = await this.generate<JobAnswer>({ async: true, ...fields }, options)
    if (answer.status !== 202) throw new Error(`a job was answered ${answer.status}: ${answer.text}`)
    return answer
  }

  /** A job that runs for so long that it can be caught at it. */
  startSlowJob(fields: Fields = {}): Promise<Answer<JobAnswer>> {
    return this.startJob({ ...this.slow, ...fields })
  }

  get slow(): Fields {
    const { slowModel } = this.options
    return { steps: 100, ...(slowModel !== undefined && { model: slowModel }) }
  }

  async job(id: string): Promise<JobAnswer> {
    return (await this.call<JobAnswer>(`/v1/jobs/${id}`)).body
  }

  async finished(id: string): Promise<JobAnswer> {
    return waitFor(
      async () => {
        const job = await this.job(id)
        return ENDED.includes(job.status) ? job : undefined
      },
      ...POLLING
    )
  }

  models(): Promise<ListedModel[]> {
    return (this.#models ??= this.call<{ data: ListedModel[] }>('/v1/models').then(({ body }) => body.data))
  }

  async model(): Promise<ListedModel> {
    const models = await this.models()
    const wanted = this.options.model
    const most = [...models].sort((a, b) => b.supported_features.length - a.supported_features.length)[0]
    const found = wanted === undefined ? most : models.find(({ id }) => id === wanted)
    if (!found) throw new Unchecked(wanted === undefined ? 'no model is online' : `the model ${wanted} is not online`)
    return found
  }

  /** Throws `Unchecked` when the model of this run cannot do that. */
  async needs(...features: string[]): Promise<void> {
    const { id, supported_features } = await this.model()
    const lacking = features.filter((feature) => !supported_features.includes(feature))
    if (lacking.length > 0) throw new Unchecked(`the model ${id} does not declare ${lacking.join(', ')}`)
  }

  /** A key of the options by its name; throws `Unchecked` without it. */
  keyFor(name: 'otherKey' | 'adminKey' | 'agentKey' | 'limitedKey', what: string): string {
    const key = this.options[name]
    if (key === undefined) throw new Unchecked(`it needs ${what}`)
    return key
  }

  /** A picture that many cases look at, made once. */
  picture(): Promise<ImagesAnswer> {
    return (this.#picture ??= this.generate().then((answer) => {
      if (answer.status !== 200) throw new Error(`a generation was answered ${answer.status}: ${answer.text}`)
      return answer.body
    }))
  }

  /** Notes the requests that an answer tells of. */
  remember(body: unknown): void {
    const told = (body ?? {}) as { id?: unknown; request_id?: unknown; jobs?: { id: string }[] }
    for (const id of [told.id, told.request_id, ...(Array.isArray(told.jobs) ? told.jobs.map((job) => job.id) : [])]) {
      if (typeof id === 'string' && id.startsWith('req_')) this.#requests.add(id)
    }
  }

  /** Deletes every request of this run, those included whose answer was an error or went to another client. */
  async cleanUp(): Promise<{ images: number; deleted: number; left: string[] }> {
    await this.#findOwn()
    let images = 0
    const left: string[] = []
    for (const id of this.#requests) {
      const { status } = await this.call(`/v1/jobs/${id}`)
      if (status === 404) continue
      await this.call(`/v1/jobs/${id}/cancel`, { method: 'POST' })
      images += (await this.finished(id)).result?.data.length ?? 0
      const answer = await this.call(`/v1/jobs/${id}`, { method: 'DELETE' })
      if (answer.status !== 200) left.push(id)
    }
    return { images, deleted: this.#requests.size - left.length, left }
  }

  /** Page by page, back to where the run began. */
  async #findOwn(): Promise<void> {
    let after = ''
    for (;;) {
      const page = await this.call<{ data: JobAnswer[]; has_more: boolean; last_id: string | null }>(
        `/v1/jobs?limit=200${after}`
      )
      const recent = (page.body.data ?? []).filter((job) => job.created >= this.#startedAt)
      for (const job of recent) if (job.prompt.includes(this.mark)) this.#requests.add(job.id)
      if (!page.body.has_more || recent.length < page.body.data.length) return
      after = `&after=${page.body.last_id}`
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not every answer is JSON: images, events, an empty body.
    return undefined
  }
}
