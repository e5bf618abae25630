import { Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { FEATURES } from '../images/image-request.ts'
import { closestName, isMisspelling } from '../lib/closest-name.ts'
import { hideUrlSecrets } from '../lib/url-secrets.ts'
import { AGENT_KEYS, ENGINE_KEYS, FOUND_MODELS, MODEL_KEYS, SERVICE_KEYS } from './agent-config.ts'
import { ConfigError } from './config.ts'
import { expandVariables, VariableMistake } from './expand-variables.ts'
import { listWrittenSecrets } from './written-secrets.ts'

/** A service as far as it can be read, whatever else is wrong in the file. */
export interface DraftService {
  name: string
  type: string
  engine?: string
  url?: string
  apiKey?: string
  headers?: Record<string, string>
  /** Its list of models is not believed. */
  doubtsList: boolean
  models: { id: string; servedAs: string; hasOptions: boolean }[]
}

/** Who may use a service, and how much. */
export interface ServiceTerms {
  access?: string | readonly string[]
  imagesPerHour?: number
  imagesPerUserHour?: number
}

/** A service to be added. */
export interface NewService extends ServiceTerms {
  name: string
  engine: string
  url?: string
  /** Of the image server. */
  apiKey?: string
  models: readonly NewModel[]
  options?: Readonly<Record<string, string>>
}

export interface NewModel {
  id: string
  servedAs: string
  features?: readonly string[]
}

export interface AgentFileSource {
  /** Undefined where there is no file yet. */
  text: string | undefined
  /** Mistakes begin with it. */
  path: string
  /** Of the process when not given. */
  env?: NodeJS.ProcessEnv
}

type TopKey = 'gateway' | 'api_key' | 'api_key_file' | 'name'

/**
 * `agent.yaml` while it is being changed. Comments, order and whatever is not understood stay; text that is put in is
 * kept from being taken for a variable. What was changed is noted in sentences without a secret.
 */
export class AgentFile {
  readonly changes: string[] = []
  readonly #document: Document
  readonly #env: NodeJS.ProcessEnv
  /** Lists of one line are written as its owner writes them. */
  readonly #isPadded: boolean

  /** Throws `ConfigError` when it is no YAML, or no mapping. */
  constructor({ text, path, env = process.env }: AgentFileSource) {
    this.#env = env
    this.#isPadded = /[[{] \S/.test(text ?? '')
    this.#document =
      text === undefined || text.trim() === ''
        ? new Document(new YAMLMap())
        : parseDocument(text, { prettyErrors: false, keepSourceTokens: true })
    if (text === undefined) this.#document.commentBefore = ' What each key means: docs/agent.md'
    if (this.#document.errors.length > 0) throw new ConfigError([`${path}: it is not valid YAML, and is left alone`])
    if (!isMap(this.#document.contents)) throw new ConfigError([`${path}: it is no mapping, and is left alone`])
  }

  /** Undefined where it is blank, or holds no text; variables are as they are written. */
  written(key: TopKey): string | undefined {
    return textOf(this.#root.get(key, true))
  }

  /** The same with its variables put in; undefined also where one of them is not set. */
  meant(key: TopKey): string | undefined {
    return this.#expanded(this.#root.get(key, true))
  }

  /** Puts a value in place of none or another; the same once more is no change. */
  set(key: TopKey, value: string): void {
    this.setRaw(key, escape(value))
  }

  /** The same, of a text with variables. */
  setRaw(key: TopKey, value: string): void {
    if (this.written(key) === value) return
    put(this.#root, key, value)
    const change = `${key} is set`
    if (!this.changes.includes(change)) this.changes.push(change)
  }

  remove(key: TopKey): void {
    if (take(this.#root, key)) this.changes.push(`${key} is taken out`)
  }

  /** In the order of the file; undefined for what is no mapping, such as an alias. */
  get services(): (DraftService | undefined)[] {
    return this.#services().map((map) => (map ? this.#draft(map) : undefined))
  }

  /** Keys, and words of which there are few, get their names where they are certainly misspelt; models that are names alone become entries. */
  correctKeys(): void {
    this.#correctKeysOf(this.#root, AGENT_KEYS, '')
    for (const service of this.#services()) {
      if (!service) continue
      const place = `${nameOf(service)}: `
      this.#correctKeysOf(service, SERVICE_KEYS, place)
      this.#correctWord(service.get('found_models', true), FOUND_MODELS, place)
      this.#spellOutModels(service)
      for (const model of modelsOf(service)) {
        this.#correctKeysOf(model, MODEL_KEYS, place)
        const features = model.get('features', true) as Node | undefined
        for (const feature of isSeq(features) ? features.items : []) this.#correctWord(feature, FEATURES, place)
      }
    }
  }

  /** Sets a key of a service; `why` says what was found. */
  setOfService(index: number, key: 'type' | 'engine' | 'url', { value, why }: { value: string; why: string }): void {
    const service = this.#services()[index]
    if (!service) return
    put(service, key, escape(value))
    this.changes.push(`${nameOf(service)}: ${key} is ${key === 'url' ? hideUrlSecrets(value) : value} now: ${why}`)
  }

  /** Gives a service the key of its image server, where none is written: not even as a variable that is blank now. */
  setKeyOfService(index: number, apiKey: string): void {
    const service = this.#services()[index]
    if (!service || textOf(service.get('api_key', true)) !== undefined) return
    put(service, 'api_key', escape(apiKey))
    this.changes.push(`${nameOf(service)}: api_key is set`)
  }

  /** Takes out what does nothing with the engine that the service has now. */
  keepOnly(index: number, { takes, options }: { takes: readonly string[]; options: readonly string[] }): void {
    const service = this.#services()[index]
    if (!service) return
    const drop = (map: YAMLMap<Node, Node | null>, place: string, isDropped: (key: string) => boolean) => {
      const dropped = map.items.filter((pair) => isDropped(keyOf(pair)))
      map.items = map.items.filter((pair) => !dropped.includes(pair))
      for (const key of dropped.map(keyOf)) {
        const what = /^[\w-]{1,40}$/.test(key) ? `${place}${key}` : `a key of ${place === '' ? 'it' : 'its options'}`
        this.changes.push(`${nameOf(service)}: ${what} is taken out: the engine has no such thing`)
      }
    }
    drop(service, '', (key) => isAmong(ENGINE_KEYS, key) && !takes.includes(key))
    const own = service.get('options', true) as Node | undefined
    if (!isMap<Node, Node | null>(own)) return
    drop(own, 'options.', (key) => !options.includes(key))
    if (own.items.length === 0) take(service, 'options')
  }

  setTerms(index: number, terms: ServiceTerms): void {
    const service = this.#services()[index]
    if (!service) return
    for (const [key, value] of Object.entries(termsOf(terms))) {
      const node = this.#document.createNode(value) as Node
      const is = (one: Node | undefined) => JSON.stringify(one?.toJS(this.#document))
      if (is(service.get(key, true) as Node | undefined) === is(node)) continue
      put(service, key, node)
      this.changes.push(`${nameOf(service)}: ${key} is ${[value].flat().join(', ')} now`)
    }
  }

  setServedAs(index: number, id: string, servedAs: string): void {
    const service = this.#services()[index]
    const model = service && modelsOf(service).find((one) => textOf(one.get('id', true)) === id)
    if (!model || !service) return
    put(model, 'served_as', escape(servedAs))
    const hint = isMisspelling(id, servedAs) ? `; callers ask for ${id}: rename the id, too, if that is a slip` : ''
    this.changes.push(`${nameOf(service)}: ${id} is served_as ${servedAs} now: the server calls it so${hint}`)
  }

  setModels(index: number, models: readonly NewModel[]): void {
    const service = this.#services()[index]
    if (!service || models.length === 0) return
    put(service, 'models', this.#modelNodes(models))
    this.changes.push(`${nameOf(service)}: models are those that the server has`)
  }

  add(service: NewService): void {
    const { name, engine, url, apiKey, models, options } = service
    const isElsewhereLimited = this.#services().some((other) => other && TERM_KEYS.some((key) => other.has(key)))
    const node = this.#document.createNode({
      name: escape(name),
      type: 'image',
      engine,
      ...(url !== undefined && { url: escape(url) }),
      ...(apiKey !== undefined && { api_key: escape(apiKey) }),
      ...termsOf(service)
    }) as YAMLMap
    node.set('models', this.#modelNodes(models))
    if (options && Object.keys(options).length > 0) node.set('options', this.#document.createNode(options))
    const list = this.#root.get('services', true) as Node | undefined
    if (isSeq(list)) {
      list.flow = false
      list.items.push(node)
    } else {
      const made = new YAMLSeq()
      made.items.push(node)
      put(this.#root, 'services', made)
    }
    const ids = models.map(({ id }) => id)
    const more = ids.length > 3 ? ` and ${ids.length - 3} more` : ''
    const open = isElsewhereLimited && Object.keys(termsOf(service)).length === 0
    this.changes.push(
      `${name} is added: ${ids.slice(0, 3).join(', ')}${more}${open ? '; all members may use it without a limit, unlike others of the file' : ''}`
    )
  }

  /** Whether anybody who reads it learns a secret. */
  get holdsSecrets(): boolean {
    return listWrittenSecrets(this.#document).length > 0
  }

  toString(): string {
    return this.#document.toString({ lineWidth: 0, flowCollectionPadding: this.#isPadded })
  }

  get #root(): YAMLMap<Node, Node | null> {
    return this.#document.contents as YAMLMap<Node, Node | null>
  }

  #services(): (YAMLMap<Node, Node | null> | undefined)[] {
    const list = this.#root.get('services', true) as Node | undefined
    return isSeq(list) ? list.items.map((item) => (isMap<Node, Node | null>(item) ? item : undefined)) : []
  }

  #draft(service: YAMLMap<Node, Node | null>): DraftService {
    const read = (key: string) => this.#expanded(service.get(key, true))
    const [engine, url, apiKey] = [read('engine'), read('url'), read('api_key')]
    const headers = service.get('headers', true) as Node | undefined
    const pairs = isMap<Node, Node | null>(headers)
      ? headers.items.map((pair) => [keyOf(pair).toLowerCase(), this.#expanded(pair.value) ?? ''] as const)
      : []
    return {
      name: nameOf(service),
      type: read('type') ?? '',
      ...(engine !== undefined && { engine }),
      ...(url !== undefined && { url }),
      ...(apiKey !== undefined && { apiKey }),
      ...(pairs.length > 0 && { headers: Object.fromEntries(pairs) }),
      doubtsList: read('check_models') === 'false',
      models: modelsOf(service).flatMap((model) => {
        const id = this.#expanded(model.get('id', true))
        if (id === undefined) return []
        return [{ id, servedAs: this.#expanded(model.get('served_as', true)) ?? id, hasOptions: model.has('options') }]
      })
    }
  }

  #expanded(node: unknown): string | undefined {
    const text = textOf(node)
    try {
      return text === undefined ? undefined : expandVariables(text, this.#env)
    } catch (error) {
      if (error instanceof VariableMistake) return undefined // The check of the file tells it.
      throw error
    }
  }

  #modelNodes(models: readonly NewModel[]): YAMLSeq {
    const list = new YAMLSeq()
    for (const { id, servedAs, features } of models) {
      const node = this.#document.createNode({
        id: escape(id),
        ...(servedAs !== id && { served_as: escape(servedAs) })
      }) as YAMLMap
      if (features) {
        const names = this.#document.createNode([...features]) as YAMLSeq
        names.flow = true
        node.set('features', names)
      }
      list.items.push(node)
    }
    return list
  }

  #correctWord(node: unknown, words: readonly string[], place: string): void {
    const word = textOf(node)
    const meant = word === undefined || words.includes(word) ? undefined : closestName(word, words)
    if (meant === undefined || !(node instanceof Scalar) || !/^[\w-]{1,40}$/.test(word ?? '')) return
    node.value = meant
    this.changes.push(`${place}${word} is ${meant} now`)
  }

  /** `- flux`, and `models: flux`, for `- id: flux`. */
  #spellOutModels(service: YAMLMap<Node, Node | null>): void {
    const written = service.get('models', true) as Node | undefined
    const name = textOf(written)
    if (name !== undefined) put(service, 'models', new YAMLSeq())
    const list = service.get('models', true) as Node | undefined
    if (!isSeq(list)) return
    if (name !== undefined) list.items.push(written)
    list.items = list.items.map((item) => {
      if (textOf(item) === undefined) return item
      const entry = new YAMLMap<unknown, unknown>()
      entry.set('id', item)
      this.changes.push(`${nameOf(service)}: ${String(textOf(item)).slice(0, 60)} is the id of a model now`)
      return entry
    })
  }

  #correctKeysOf(map: YAMLMap<Node, Node | null>, keys: readonly string[], place: string): void {
    for (const pair of map.items) {
      const key = keyOf(pair)
      const meant = keys.includes(key) ? undefined : closestName(key, keys)
      if (meant === undefined || map.has(meant) || !isScalar(pair.key) || !/^[\w-]{1,40}$/.test(key)) continue
      pair.key.value = meant
      this.changes.push(`${place}${key} is ${meant} now`)
    }
  }
}

/** By the names of keys, whose nodes nobody has at hand. */
const put = (map: YAMLMap<Node, Node | null>, key: string, value: unknown): void =>
  (map as YAMLMap<unknown, unknown>).set(key, value)

const TERM_KEYS = ['access', 'images_per_hour', 'images_per_user_hour'] as const

const termsOf = ({ access, imagesPerHour, imagesPerUserHour }: ServiceTerms) => ({
  ...(access !== undefined && { access: typeof access === 'string' ? access : access.map(escape) }),
  ...(imagesPerHour !== undefined && { images_per_hour: imagesPerHour }),
  ...(imagesPerUserHour !== undefined && { images_per_user_hour: imagesPerUserHour })
})

const take = (map: YAMLMap<Node, Node | null>, key: string): boolean => (map as YAMLMap<unknown, unknown>).delete(key)

const isAmong = (keys: readonly string[], key: string): boolean => keys.includes(key)

/** What looks like a variable is none. */
const escape = (text: string): string => text.replaceAll('${', () => '$${')

const keyOf = (pair: Pair<Node, Node | null>): string => (isScalar(pair.key) ? String(pair.key.value) : '')

const textOf = (node: unknown): string | undefined => {
  // What was put in is no node yet.
  const value = node instanceof Scalar ? node.value : typeof node === 'string' ? node : undefined
  return value === null || value === undefined || String(value).trim() === '' ? undefined : String(value).trim()
}

const nameOf = (service: YAMLMap<Node, Node | null>): string => textOf(service.get('name', true)) ?? 'a service'

function modelsOf(service: YAMLMap<Node, Node | null>): YAMLMap<Node, Node | null>[] {
  const list = service.get('models', true) as Node | undefined
  return isSeq(list) ? list.items.filter((item) => isMap<Node, Node | null>(item)) : []
}
