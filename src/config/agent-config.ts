import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FEATURES, type Feature } from '../images/image-request.ts'
import { parsePixels } from '../images/sizes.ts'
import { readGatewayUrl } from '../lib/gateway-url.ts'
import { parseBytes, parseDurationMs } from '../lib/quantities.ts'
import { ConfigError } from './config.ts'
import {
  checkAccess,
  checkApiKey,
  checkEmail,
  checkExtras,
  checkGateway,
  checkHost,
  checkKeyFileName,
  checkOneOf,
  checkQueueAhead,
  checkServerKey,
  checkTimeout,
  checkType,
  checkUnique
} from './agent-config-checks.ts'
import { checkImageServer } from './check-image-server.ts'
import { readHeaders } from './read-headers.ts'
import { keyFilePath, readKeyFile } from './read-key-file.ts'
import { findOpenSecrets, openSecretWarning } from './written-secrets.ts'
import { YamlFile } from './yaml-file.ts'
import type { TextCheck, TextRules, YamlValue } from './yaml-value.ts'

/** What `agent.yaml` says, with every default filled in. */
export interface AgentConfig {
  /** Without a slash at its end. */
  gateway: string
  apiKey: string
  name: string
  /** Bytes of source images that are held in memory at the same time; absent: as the agent has it. */
  sourceMemoryBytes?: number
  services: AgentServiceConfig[]
  /** Where the file lies; relative paths in options begin there. Absent: where the process runs. */
  folder?: string
  /** What whoever runs the agent should know of the file; absent when there is nothing. */
  warnings?: string[]
}

export interface AgentServiceConfig {
  name: string
  /** Image requests are sent to services of type `image` only. */
  type: string
  /** Always there when the type is `image`. */
  engine?: string
  url?: string
  /** Of the image server itself. */
  apiKey?: string
  /** Sent to the image server with every call, by lower-case name. */
  headers?: Record<string, string>
  /** Other hosts, `host` or `host:port`, whose links in the image server's answers are fetched. */
  downloadFrom?: string[]
  description?: string
  /** Fields of a call that this product does not know and the image server may be sent; absent: those of the engine. */
  extras?: string[] | 'any'
  /** What an edit without a size may ask of the image server; absent: as its engine thinks best. */
  maxPixels?: number
  multipleOf?: number
  concurrency: number
  /** Images held ready, inputs fetched, while others are made. */
  prefetch: number
  /** So long before an image is made the next may lie in the image server's queue behind it; absent: it may not. */
  queueAheadMs?: number
  timeoutMs: number
  /** Who may use it: all members, the owner alone, or the owner and these e-mail addresses. */
  access: 'members' | 'private' | string[]
  /** Images that others may have from it within an hour, in all and each; its owner is not counted. */
  imagesPerHour?: number
  imagesPerUserHour?: number
  /** What the image server's list of models says keeps nothing from being offered; absent: it does. */
  checkModels?: false
  /** What image servers write into files about their work is delivered as well; absent: it is taken out. */
  keepMetadata?: true
  /** What the gateway is told of models that its image server has beside these; absent: as `show`. */
  foundModels?: (typeof FOUND_MODELS)[number]
  /** Its owner may not have its models loaded from the dashboard; absent: they may. */
  warmModels?: false
  models: AgentModelConfig[]
  /** The engine's own; checked by the engine. */
  options: Record<string, unknown>
}

export interface AgentModelConfig {
  /** What callers ask for. */
  id: string
  /** What the image server calls it. */
  servedAs: string
  features: Feature[]
  /** The engine's own; checked by the engine. Absent: none. */
  options?: Record<string, unknown>
}

export interface AgentFileOptions {
  /** Where the file lies; mistakes begin with it. */
  path: string
  /** Of the process when not given. */
  env?: NodeJS.ProcessEnv
  /** The engines there are. */
  engines: readonly KnownEngine[]
}

/** What the checks of the file need to know of an engine, whose own description says it. */
export interface KnownEngine {
  name: string
  /** Those of `ENGINE_KEYS` that it makes something of. It needs `url` when that is among them. */
  takes: readonly (typeof ENGINE_KEYS)[number][]
  speaksOpenAI?: true
  /** Of a model without `features`. */
  usualFeatures: readonly Feature[]
}

export const AGENT_KEYS = ['gateway', 'api_key', 'api_key_file', 'name', 'source_memory', 'services'] as const
export const SERVICE_KEYS = [
  'name',
  'type',
  'engine',
  'url',
  'api_key',
  'headers',
  'download_from',
  'description',
  'concurrency',
  'prefetch',
  'queue_ahead',
  'timeout',
  'access',
  'images_per_hour',
  'images_per_user_hour',
  'extras',
  'max_pixels',
  'multiple_of',
  'check_models',
  'keep_metadata',
  'found_models',
  'warm_models',
  'models',
  'options'
] as const
/** `show`: their names to the owner and to admins, `hide`: nothing, `offer`: as `show`, and the owner may offer them there. */
export const FOUND_MODELS = ['show', 'hide', 'offer'] as const
/** Keys of a service that mean something to some engines only. */
export const ENGINE_KEYS = [
  'url',
  'api_key',
  'headers',
  'download_from',
  'extras',
  'max_pixels',
  'multiple_of',
  'check_models',
  'queue_ahead'
] as const satisfies readonly (typeof SERVICE_KEYS)[number][]
export const MODEL_KEYS = ['id', 'served_as', 'features', 'options'] as const

type Fields<K extends readonly string[]> = Record<K[number], YamlValue>

const SOURCE_MEMORY = { min: 1024 ** 2, max: 1024 ** 4 }
const PIXELS = { min: 64 ** 2, max: 16_384 ** 2 }

/** As many as a gateway takes: their inputs are held in memory. */
const MAX_PREFETCH = 10
const DEFAULT_TIMEOUT_MS = 240_000
const DEFAULT_QUEUE_AHEAD_MS = 2000

/** Reads the file and `loadAgentConfig`s it. Throws `ConfigError`, also when the file cannot be read. */
export async function readAgentConfigFile(options: AgentFileOptions): Promise<AgentConfig> {
  const text = await readFile(options.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${error.code})`
    throw new ConfigError([`${options.path}: ${reason}`])
  })
  const config = loadAgentConfig({ ...options, text })
  const warnings = [
    ...(config.warnings ?? []),
    ...(await findOpenSecrets({ path: options.path, text, apiKey: config.apiKey }))
  ]
  return warnings.length === 0 ? config : { ...config, warnings }
}

/**
 * Reads `agent.yaml`, whose reference is docs/agent.md. Throws one `ConfigError` that lists all mistakes with their
 * lines, and never a value of the file or of a variable.
 */
export function loadAgentConfig(options: AgentFileOptions & { text: string }): AgentConfig {
  const file = new YamlFile({ env: process.env, ...options })
  const fields = file.root.fields(AGENT_KEYS)
  const config = fields && readAgent(fields, { engines: options.engines, folder: dirname(options.path) })
  file.finish()
  return { ...(config as AgentConfig), folder: dirname(options.path) }
}

/** Text that is required, or an empty one, which is never seen because the mistake is noted. */
const requiredText = (value: YamlValue, meaning: string, rules: TextRules = {}): string =>
  value.require(meaning).text(rules) ?? ''

const readAgent = (
  fields: Fields<typeof AGENT_KEYS>,
  { engines, folder }: { engines: readonly KnownEngine[]; folder: string }
): AgentConfig => ({
  gateway: readGateway(fields.gateway),
  ...readKey(fields, folder),
  name: requiredText(fields.name, 'what the gateway calls this machine', { maxChars: 100 }),
  ...readSourceMemory(fields.source_memory),
  services: readServices(fields.services, engines)
})

function readSourceMemory(value: YamlValue): Pick<AgentConfig, 'sourceMemoryBytes'> {
  const meaning = 'must be a size from 1MiB to 1024GiB, such as 160MiB'
  const bytes = value.quantity({ parse: parseBytes, ...SOURCE_MEMORY, meaning })
  return bytes === undefined ? {} : { sourceMemoryBytes: bytes }
}

function readGateway(value: YamlValue): string {
  const meaning = 'the address of the gateway, such as https://club.example.org'
  const read = readGatewayUrl(requiredText(value, meaning, { check: checkGateway }))
  return 'url' in read ? read.url : ''
}

function readKey(fields: Fields<typeof AGENT_KEYS>, folder: string): Pick<AgentConfig, 'apiKey' | 'warnings'> {
  const { api_key: inPlace, api_key_file: inFile } = fields
  if (inFile.isBlank) {
    const meaning = 'an API key of the gateway, such as ${INFERENCE_CLUB_API_KEY}, or an api_key_file that holds it'
    return { apiKey: requiredText(inPlace, meaning, { check: checkApiKey }) }
  }
  if (!inPlace.isBlank) inFile.mistake('must not stand beside an api_key')
  const name = inFile.text({ maxChars: 4096, check: checkKeyFileName })
  if (name === undefined) return { apiKey: '' }
  const path = keyFilePath(name, folder)
  const read = readKeyFile(path)
  if ('problem' in read) return { apiKey: inFile.mistake(read.problem) ?? '' }
  return { apiKey: read.key, ...(read.isOpen && { warnings: [openSecretWarning(path, 'the key')] }) }
}

function readServices(value: YamlValue, engines: readonly KnownEngine[]): AgentServiceConfig[] {
  const isNew = checkUnique('is the name of another service already')
  const items = requiredItems(value, { meaning: 'a list of what this machine offers', maxItems: 100 })
  return items.flatMap((item) => {
    const fields = item.fields(SERVICE_KEYS)
    return fields ? [readService(fields, { engines, isNew })] : []
  })
}

function readService(
  fields: Fields<typeof SERVICE_KEYS>,
  { engines, isNew }: { engines: readonly KnownEngine[]; isNew: TextCheck }
): AgentServiceConfig {
  const name = requiredText(fields.name, 'what the gateway calls this service', { maxChars: 100, check: isNew })
  const type = requiredText(fields.type, 'image, or what else this service does', {
    maxChars: 40,
    check: checkType
  })
  // A mistake in the type, which is noted, is not to hide those in the rest: what has an engine makes images.
  const isImage = type === 'image' || (type === '' && !fields.engine.isBlank)
  const names = engines.map((one) => one.name)
  if (isImage) fields.engine.require(`one of ${names.join(', ')}`)
  const engine = fields.engine.text({ maxChars: 40, ...(isImage && { check: checkOneOf(names) }) })
  const known = engines.find((one) => one.name === engine)
  if (isImage && (known ? known.takes.includes('url') : fields.engine.isBlank)) {
    fields.url.require('the address of the image server, such as http://127.0.0.1:8188')
  }
  if (isImage && known) refuseUnusedKeys(fields, known)
  const url = fields.url.text({ check: checkImageServer({ speaksOpenAI: known?.speaksOpenAI === true }) })
  const apiKey = fields.api_key.text({ check: checkServerKey })
  const isSignedInByUrl = url !== undefined && new URL(url).username + new URL(url).password !== ''
  if (isSignedInByUrl && apiKey !== undefined) fields.url.mistake('must not have a user name beside an api_key')
  const signsIn = apiKey !== undefined ? 'api_key' : isSignedInByUrl ? 'the user name in url' : undefined
  const headers = readHeaders(fields.headers, { signsIn })
  const description = fields.description.text()
  return {
    name,
    type,
    ...(engine !== undefined && { engine }),
    ...(url !== undefined && { url }),
    ...(apiKey !== undefined && { apiKey }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...readDownloadHosts(fields.download_from),
    ...(description !== undefined && { description }),
    concurrency: fields.concurrency.integer({ min: 1, max: 1000 }) ?? 1,
    prefetch: fields.prefetch.integer({ min: 0, max: MAX_PREFETCH }) ?? 1,
    ...(known?.takes.includes('queue_ahead') && { queueAheadMs: readQueueAhead(fields.queue_ahead) }),
    timeoutMs: parseDurationMs(fields.timeout.text({ check: checkTimeout }) ?? '') ?? DEFAULT_TIMEOUT_MS,
    access: readAccess(fields.access),
    ...readCap('imagesPerHour', fields.images_per_hour),
    ...readCap('imagesPerUserHour', fields.images_per_user_hour),
    ...readExtras(fields.extras),
    ...readSizeRules(fields),
    ...(fields.check_models.boolean() === false && { checkModels: false }),
    ...(fields.keep_metadata.boolean() === true && { keepMetadata: true }),
    ...readFoundModels(fields.found_models),
    ...(fields.warm_models.boolean() === false && { warmModels: false }),
    models: readModels(fields.models, { isImage, defaultFeatures: known?.usualFeatures ?? ['generate'] }),
    options: fields.options.plainMapping()
  }
}

const readQueueAhead = (value: YamlValue): number =>
  parseDurationMs(value.text({ check: checkQueueAhead }) ?? '') ?? DEFAULT_QUEUE_AHEAD_MS

/** A key that does nothing would let its owner believe that it does. */
function refuseUnusedKeys(fields: Fields<typeof ENGINE_KEYS>, { name, takes }: KnownEngine): void {
  const unused = ENGINE_KEYS.filter((key) => !takes.includes(key) && !fields[key].isBlank)
  for (const key of unused) fields[key].mistake(`does nothing with the engine ${name}: leave it out`)
}

function readExtras(value: YamlValue): Pick<AgentServiceConfig, 'extras'> {
  if (value.isBlank) return {}
  if (!value.isList) return value.text({ check: checkExtras }) === 'any' ? { extras: 'any' } : {}
  const items = value.items({ maxItems: 100 })
  return { extras: items.map((item) => requiredText(item, 'the name of a field', { maxChars: 100 })) }
}

function readFoundModels(value: YamlValue): Pick<AgentServiceConfig, 'foundModels'> {
  const text = value.text({ check: checkOneOf(FOUND_MODELS) })
  const foundModels = FOUND_MODELS.find((one) => one === text)
  return foundModels ? { foundModels } : {}
}

function readDownloadHosts(value: YamlValue): Pick<AgentServiceConfig, 'downloadFrom'> {
  if (value.isBlank) return {}
  const rules = { maxChars: 260, check: checkHost }
  const items = value.items({ maxItems: 20 })
  return { downloadFrom: items.map((item) => requiredText(item, 'a host, such as images.example.org', rules)) }
}

function readSizeRules(fields: Fields<typeof SERVICE_KEYS>): Pick<AgentServiceConfig, 'maxPixels' | 'multipleOf'> {
  const maxPixels = fields.max_pixels.quantity({
    parse: parsePixels,
    ...PIXELS,
    meaning: 'must be pixels in all from 64x64 to 16384x16384, such as 4MP, 4194304 or 2048x2048'
  })
  const multipleOf = fields.multiple_of.integer({ min: 1, max: 512 })
  return { ...(maxPixels !== undefined && { maxPixels }), ...(multipleOf !== undefined && { multipleOf }) }
}

const readCap = <K extends 'imagesPerHour' | 'imagesPerUserHour'>(name: K, value: YamlValue): { [P in K]?: number } => {
  const cap = value.integer({ min: 1, max: 1_000_000, hint: '; access: private lets others have nothing' })
  return (cap === undefined ? {} : { [name]: cap }) as { [P in K]?: number }
}

function readModels(
  value: YamlValue,
  { isImage, defaultFeatures }: { isImage: boolean; defaultFeatures: readonly Feature[] }
): AgentModelConfig[] {
  const rules = { meaning: 'a list of the models this service offers', maxItems: 500 }
  const items = isImage ? requiredItems(value, rules) : value.items(rules)
  const isNew = checkUnique('is the id of another model of this service already')
  return items.flatMap((item) => {
    const fields = item.fields(MODEL_KEYS)
    return fields ? [readModel(fields, { isNew, defaultFeatures })] : []
  })
}

function readModel(
  fields: Fields<typeof MODEL_KEYS>,
  { isNew, defaultFeatures }: { isNew: TextCheck; defaultFeatures: readonly Feature[] }
): AgentModelConfig {
  const id = requiredText(fields.id, 'the name callers ask for', { maxChars: 200, check: isNew })
  return {
    id,
    servedAs: fields.served_as.text() ?? id,
    features: fields.features.isBlank ? [...defaultFeatures] : readFeatures(fields.features),
    ...(!fields.options.isBlank && { options: fields.options.plainMapping() })
  }
}

function readFeatures(value: YamlValue): Feature[] {
  const meaning = `one of ${FEATURES.join(', ')}`
  const items = requiredItems(value, { meaning, maxItems: 20 })
  return items.map((item) => requiredText(item, meaning, { check: checkOneOf(FEATURES) }) as Feature)
}

function readAccess(value: YamlValue): AgentServiceConfig['access'] {
  if (!value.isList) {
    return value.text({ check: checkAccess }) === 'private' ? 'private' : 'members'
  }
  const rules = { maxChars: 320, check: checkEmail }
  return value.items({ maxItems: 1000 }).map((item) => requiredText(item, 'an e-mail address', rules))
}

/** The entries of a list that may be neither absent nor empty. */
function requiredItems(value: YamlValue, { meaning, maxItems }: { meaning: string; maxItems: number }): YamlValue[] {
  const items = value.require(meaning).items({ maxItems })
  if (value.isList && items.length === 0) value.mistake(`is empty: it must be ${meaning}`)
  return items
}
