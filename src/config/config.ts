import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import { resolve } from 'node:path'
import { LOG_LEVELS } from '../lib/logger.ts'
import { checkHostName, checkNetwork, checkOrigin, checkPublicUrl } from './address-checks.ts'
import { BUDGETS } from './budgets.ts'
import { ADMINS_LOOK, RETENTION } from './retention.ts'
import { DISK } from './disk-settings.ts'
import { DISPATCH } from './dispatch-settings.ts'
import { MARKING, missingMarkingSettings } from './marking-settings.ts'
import { PROVIDER_LIMITS } from './provider-limits.ts'
import { CLUB } from './club-settings.ts'
import { OFFERING } from './provider-settings.ts'
import {
  booleanSetting,
  bytesSetting,
  choiceSetting,
  durationSetting,
  integerSetting,
  listSetting,
  type Setting,
  SettingMistake,
  textSetting
} from './settings.ts'
import { missingSignInSettings, SIGN_IN, SIGN_IN_LIMITS } from './sign-in-settings.ts'
import { contradictingMove, contradictingUploads, missingStorageSettings, STORAGE } from './storage-settings.ts'
import { PREFIX, unknownVariables } from './unknown-variables.ts'

const named = (name: string) => PREFIX + name

export const SERVER = {
  port: integerSetting({
    variable: named('PORT'),
    description: 'Port of the API. `0` takes a free one.',
    fallback: 8080,
    min: 0,
    max: 65535
  }),
  host: textSetting<string>({
    variable: named('HOST'),
    description: 'Address to listen on. `0.0.0.0` or `::` lets other machines in.',
    fallback: '127.0.0.1'
  }),
  dataDir: textSetting<string>({
    variable: named('DATA_DIR'),
    description: 'Folder of the SQLite file and the images; made on first start. A second gateway on it is refused.',
    fallback: './data'
  }),
  ...DISK,
  ...STORAGE,
  ...MARKING,
  publicUrl: textSetting<string | undefined>(
    {
      variable: named('PUBLIC_URL'),
      description:
        'Where people reach the server, such as `https://images.example.org` or `https://example.org/club`; image URLs begin with it.',
      fallback: undefined,
      defaultText: 'derived from each request'
    },
    checkPublicUrl
  ),
  trustProxy: listSetting(
    {
      variable: named('TRUST_PROXY'),
      description:
        'Addresses or networks (comma-separated) of proxies, whose `X-Forwarded-*` or `Forwarded` headers count.',
      fallback: [],
      defaultText: 'none'
    },
    checkNetwork
  ),
  allowedHosts: listSetting(
    {
      variable: named('ALLOWED_HOSTS'),
      description:
        'Further names the server answers to (comma-separated), such as `images.example.org` or `.example.org` for all below; `*` is any.',
      fallback: [],
      defaultText: 'none'
    },
    checkHostName
  ),
  cdn: choiceSetting<'auto' | 'on' | 'off'>({
    variable: named('CDN'),
    description:
      'A content delivery network in front: no 502 or 504, and waits that end in time. `auto` believes a trusted proxy that sends `CF-Ray`.',
    fallback: 'auto',
    choices: ['auto', 'on', 'off']
  }),
  metricsAddresses: listSetting(
    {
      variable: named('METRICS_ADDRESSES'),
      description: 'Addresses or networks (comma-separated) that may read `/metrics` without the key of an admin.',
      fallback: [],
      defaultText: 'none'
    },
    checkNetwork
  ),
  corsOrigins: listSetting(
    {
      variable: named('CORS_ORIGINS'),
      description: 'Origins whose pages may call `/v1` (comma-separated); `*` is all.',
      fallback: ['*']
    },
    checkOrigin
  ),
  logLevel: choiceSetting({
    variable: named('LOG_LEVEL'),
    description:
      'One of silent, fatal, error, warn, info, debug, trace. On standard error: text in a terminal, else JSON lines.',
    fallback: 'warn',
    choices: LOG_LEVELS
  }),
  assetCacheControl: textSetting<string>({
    variable: named('ASSET_CACHE_CONTROL'),
    description: '`Cache-Control` of public and unlisted images.',
    fallback: 'public, max-age=31536000, immutable'
  }),
  answerMemoryBytes: bytesSetting({
    variable: named('ANSWER_MEMORY'),
    description:
      'Memory for images that callers wait for as base64, from when they arrive until they are answered; what finds no room is read from where it is stored, as with `0` all are.',
    fallback: 64 * 1024 ** 2,
    min: 0
  }),
  bootstrapApiKey: textSetting<string | undefined>(
    {
      variable: named('BOOTSTRAP_API_KEY'),
      description: "The first admin's API key gets this value at first start (`ic_…`, at least 24 characters).",
      fallback: undefined,
      defaultText: 'made and printed once'
    },
    (text) =>
      /^ic_[A-Za-z0-9_-]{21,200}$/.test(text)
        ? undefined
        : 'must begin with ic_ and have at least 24 characters, all letters, digits, - or _'
  ),
  webhookPrivateAddresses: booleanSetting<boolean>({
    variable: named('WEBHOOK_PRIVATE_ADDRESSES'),
    live: true,
    title: 'Webhooks may call private addresses',
    description: 'Let webhooks call private and loopback addresses.',
    fallback: false
  }),
  rateLimit: integerSetting({
    variable: named('RATE_LIMIT'),
    live: true,
    title: 'Calls per minute',
    description:
      'Requests per minute of a key, and of a person in the dashboard, there never less than 300; `0` is off. A key may carry its own.',
    fallback: 600,
    min: 0,
    max: 1_000_000
  }),
  demo: booleanSetting<boolean | undefined>({
    variable: named('DEMO'),
    description: 'Connect a demo agent: model `demo`, a procedural painter without weights.',
    fallback: undefined,
    defaultText: '1 under `npm start`, else 0'
  }),
  demoStepTimeMs: durationSetting({
    variable: named('DEMO_STEP_TIME'),
    description: 'How long the demo painter takes for each step.',
    fallback: 50,
    minMs: 0,
    maxMs: 60_000
  })
}

const limit = (name: string) => named(`LIMITS_${name}`)

export const LIMITS = {
  maxImagesPerRequest: integerSetting({
    variable: limit('MAX_IMAGES_PER_REQUEST'),
    live: true,
    title: 'Most images of one request',
    description: 'A larger `n` is clamped to this, with a warning.',
    fallback: 10,
    min: 1,
    max: 100
  }),
  maxPromptChars: integerSetting({
    variable: limit('MAX_PROMPT_CHARS'),
    description: 'Longest prompt, in code points.',
    fallback: 32_000,
    min: 1,
    max: 1_000_000
  }),
  maxPixels: integerSetting({
    variable: limit('MAX_PIXELS'),
    live: true,
    title: 'Most pixels of an image',
    description: 'Most pixels (width × height) an image may be asked to have, or come back with.',
    fallback: 16_777_216,
    min: 256,
    max: 268_435_456
  }),
  maxUploadBytes: bytesSetting({
    variable: limit('MAX_UPLOAD_BYTES'),
    description: 'Largest source image or mask, each.',
    fallback: 25 * 1024 ** 2,
    min: 1024
  }),
  maxInputImages: integerSetting({
    variable: limit('MAX_INPUT_IMAGES'),
    description: 'Most source images of one edit; a mask comes on top.',
    fallback: 16,
    min: 1,
    max: 64
  }),
  maxInputPixels: integerSetting({
    variable: limit('MAX_INPUT_PIXELS'),
    description: 'Most pixels (width × height) a source image or mask may have.',
    fallback: 67_108_864,
    min: 256,
    max: 268_435_456
  }),
  maxInputSide: integerSetting({
    variable: limit('MAX_INPUT_SIDE'),
    description: 'Most pixels the width, and the height, of a source image or mask may have.',
    fallback: 32_768,
    min: 16,
    max: 65_535
  }),
  maxEditBodyBytes: bytesSetting({
    variable: limit('MAX_EDIT_BODY_BYTES'),
    description: 'Largest JSON body of an edit, with its images as data URLs.',
    fallback: 32 * 1024 ** 2,
    min: 1024
  }),
  maxBodyBytes: bytesSetting({
    variable: limit('MAX_BODY_BYTES'),
    description: 'Largest JSON body.',
    fallback: 1024 ** 2,
    min: 1024
  }),
  maxExtraBytes: bytesSetting({
    variable: limit('MAX_EXTRA_BYTES'),
    description: 'Most that the fields of a call which this server does not know may have in all, as JSON.',
    fallback: 64 * 1024,
    min: 2
  }),
  maxOutputBytes: bytesSetting({
    variable: limit('MAX_OUTPUT_BYTES'),
    description: 'Largest image an agent may deliver.',
    fallback: 128 * 1024 ** 2,
    min: 1024
  }),
  thumbnailsAtOnce: integerSetting({
    variable: limit('THUMBNAILS_AT_ONCE'),
    description: 'Most thumbnails that are made at the same time, a processor core each; the others wait their turn.',
    fallback: 2,
    min: 1,
    max: 64
  }),
  syncTimeoutMs: durationSetting({
    variable: limit('SYNC_TIMEOUT'),
    live: true,
    title: 'Longest wait for an answer',
    description: 'How long a synchronous call waits before it is answered 504; the request goes on.',
    fallback: 280_000,
    minMs: 100,
    maxMs: DAY_MS
  }),
  cdnTimeoutMs: durationSetting({
    variable: limit('CDN_TIMEOUT'),
    description: 'The same behind a content delivery network, which cuts calls by itself; the shorter one counts.',
    fallback: 95_000,
    minMs: 100,
    maxMs: DAY_MS
  }),
  unusableTimeoutMs: durationSetting({
    variable: limit('UNUSABLE_TIMEOUT'),
    live: true,
    title: 'Longest wait while image servers are down',
    description:
      'How long a synchronous call waits when every image server that could serve it is down, refuses its key or lacks the model; then it is answered 503 with `retry-after`.',
    fallback: 30_000,
    minMs: 100,
    maxMs: 86_400_000
  }),
  noProviderTimeoutMs: durationSetting({
    variable: limit('NO_PROVIDER_TIMEOUT'),
    live: true,
    title: 'Give up without a machine after',
    description: 'How long an accepted request waits while no online service can take it.',
    fallback: HOUR_MS,
    minMs: 100,
    maxMs: 30 * DAY_MS
  }),
  ...BUDGETS,
  ...RETENTION,
  ...ADMINS_LOOK,
  connectionsPerAddress: integerSetting({
    variable: limit('CONNECTIONS_PER_ADDRESS'),
    description: 'Most connections from one address at a time; trusted proxies have no limit.',
    fallback: 1000,
    min: 1,
    max: 1_000_000
  }),
  ...PROVIDER_LIMITS,
  ...DISPATCH,
  ...SIGN_IN_LIMITS,
  drainTimeoutMs: durationSetting({
    variable: limit('DRAIN_TIMEOUT'),
    description: 'How long a stopping server lets waiting callers finish before it answers them 503.',
    fallback: 10_000,
    minMs: 0,
    maxMs: HOUR_MS
  }),
  leaseMs: durationSetting({
    variable: limit('LEASE'),
    description: 'How long an agent that has gone silent keeps its work before others may take it.',
    fallback: 30_000,
    minMs: 200,
    maxMs: HOUR_MS
  })
}

type Values<T> = { [K in keyof T]: T[K] extends Setting<infer V> ? V : never }

export type Limits = Values<typeof LIMITS>
export type SignInConfig = Values<typeof SIGN_IN>
export type OfferingConfig = Values<typeof OFFERING>
export type ClubConfig = Values<typeof CLUB>
export type Config = Values<typeof SERVER> & {
  club: ClubConfig
  signIn: SignInConfig
  offering: OfferingConfig
  limits: Limits
}

/** Every variable with its meaning, in the order of the documentation. */
export const SETTINGS: readonly Setting<unknown>[] = [
  ...Object.values(SERVER),
  ...Object.values(CLUB),
  ...Object.values(SIGN_IN),
  ...Object.values(OFFERING),
  ...Object.values(LIMITS)
]

export class ConfigError extends Error {
  readonly mistakes: readonly string[]
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((m) => `  ${m}`).join('\n')}`
    )
    this.mistakes = mistakes
  }
}

/** Reads and checks every variable; throws one `ConfigError` that lists all mistakes. Relative folders start at `cwd`. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): Config {
  const mistakes = unknownVariables(
    env,
    SETTINGS.map(({ variable }) => variable)
  )
  const read = <T extends Record<string, Setting<unknown>>>(settings: T): Values<T> =>
    Object.fromEntries(
      Object.entries(settings).map(([name, setting]) => [name, readSetting(setting, env, mistakes)])
    ) as Values<T>
  const config: Config = {
    ...read(SERVER),
    club: read(CLUB),
    signIn: read(SIGN_IN),
    offering: read(OFFERING),
    limits: read(LIMITS)
  }
  const isThere = (variable: string) => isSet({ variable }, env)
  mistakes.push(
    ...[missingSignInSettings, missingStorageSettings, missingMarkingSettings].flatMap((missing) => missing(isThere)),
    ...contradictingUploads(config),
    ...contradictingMove(config)
  )
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return {
    ...config,
    dataDir: resolve(cwd, config.dataDir),
    publicUrl: config.publicUrl && new URL(config.publicUrl).href.replace(/\/+$/, '')
  }
}

/** Whether the environment says anything of it, so that the default does not count. */
export const isSet = (
  { variable }: Pick<Setting<unknown>, 'variable'>,
  env: NodeJS.ProcessEnv = process.env
): boolean => (env[variable] ?? '').trim() !== ''

function readSetting(setting: Setting<unknown>, env: NodeJS.ProcessEnv, mistakes: string[]): unknown {
  if (!isSet(setting, env)) return setting.fallback
  try {
    return setting.parse((env[setting.variable] ?? '').trim())
  } catch (error) {
    if (!(error instanceof SettingMistake)) throw error
    mistakes.push(`${setting.variable} ${error.message}`)
    return setting.fallback
  }
}
