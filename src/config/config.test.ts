import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Config, ConfigError, loadConfig, SETTINGS } from './config.ts'
import { parseS3Location } from './storage-settings.ts'
import { PREFIX } from './unknown-variables.ts'

const CWD = resolve('/srv/club')
const load = (env: Record<string, string> = {}): Config => loadConfig(prefixed(env), CWD)

const prefixed = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [PREFIX + name, value]))

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    load(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
  return []
}

describe('without variables', () => {
  it('everything has its default', () => {
    expect(load()).toEqual({
      port: 8080,
      host: '127.0.0.1',
      dataDir: resolve(CWD, 'data'),
      diskReserveBytes: 256 * 1024 ** 2,
      databaseLogBytes: 256 * 1024 ** 2,
      publicUrl: undefined,
      storageDelivery: 'proxy',
      storageUploads: 'proxy',
      quarantineMs: 30 * 86_400_000,
      trustProxy: [],
      allowedHosts: [],
      cdn: 'auto',
      metricsAddresses: [],
      corsOrigins: ['*'],
      logLevel: 'warn',
      markImages: [],
      publicProvenance: false,
      assetCacheControl: 'public, max-age=31536000, immutable',
      answerMemoryBytes: 64 * 1024 ** 2,
      bootstrapApiKey: undefined,
      club: { clubName: 'inference.club', repository: '', imageLinkLifetimeMs: 86_400_000, publicPage: false },
      webhookPrivateAddresses: false,
      rateLimit: 600,
      demo: undefined,
      demoStepTimeMs: 50,
      signIn: {
        registration: 'invitation',
        invitationLifetimeMs: 7 * 86_400_000,
        githubClientId: undefined,
        githubClientSecret: undefined,
        oidcIssuer: undefined,
        oidcClientId: undefined,
        oidcClientSecret: undefined,
        oidcName: 'Single sign-on'
      },
      offering: {
        providers: 'auto',
        newProviderAtOnce: 2,
        newProviderPerHour: 20,
        newProviderImages: 20,
        newProviderTimeMs: 86_400_000
      },
      limits: {
        maxImagesPerRequest: 10,
        maxPromptChars: 32_000,
        maxPixels: 4096 ** 2,
        maxUploadBytes: 25 * 1024 * 1024,
        maxInputImages: 16,
        maxInputPixels: 67_108_864,
        maxInputSide: 32_768,
        maxEditBodyBytes: 32 * 1024 * 1024,
        maxBodyBytes: 1024 ** 2,
        maxExtraBytes: 64 * 1024,
        maxOutputBytes: 128 * 1024 ** 2,
        thumbnailsAtOnce: 2,
        syncTimeoutMs: 280_000,
        cdnTimeoutMs: 95_000,
        unusableTimeoutMs: 30_000,
        noProviderTimeoutMs: 3_600_000,
        queuePerUser: 1000,
        queueTotal: 100_000,
        callsPerUser: 1000,
        streamsPerUser: 200,
        webhooksPerUser: 2000,
        keysPerUser: 100,
        webhookRetentionMs: 30 * 86_400_000,
        retentionMs: 0,
        retentionBytes: 0,
        adminsLook: true,
        storedBytesPerUser: 500 * 1024 ** 3,
        bytesInFlightPerUser: 2 * 1024 ** 3,
        bytesInFlight: 8 * 1024 ** 3,
        silenceMs: 30_000,
        providersPerUser: 20,
        servicesPerProvider: 32,
        modelsPerProvider: 1000,
        retryDelayMs: 1000,
        passesForLoadedModel: 8,
        drainTimeoutMs: 10_000,
        leaseMs: 30_000,
        connectionsPerAddress: 1000,
        wrongKeysPerMinute: 30,
        signInTries: 10
      }
    })
  })

  it('and with blank ones, and with those of other programs', () => {
    const blank = Object.fromEntries(SETTINGS.map(({ variable }, index) => [variable, index % 2 === 0 ? '' : ' \t']))
    expect(loadConfig({ ...blank, PATH: '/bin', INFERENCE_CLUBS: 'x' }, CWD)).toEqual(load())
  })
})

describe('a variable', () => {
  it.each<[variable: string, text: string, read: (config: Config) => unknown, value: unknown]>([
    ['PORT', ' 9000 ', (c) => c.port, 9000],
    ['HOST', '::', (c) => c.host, '::'],
    ['DATA_DIR', '../other', (c) => c.dataDir, resolve(CWD, '../other')],
    ['DATA_DIR', resolve('/var/lib/club'), (c) => c.dataDir, resolve('/var/lib/club')],
    ['PUBLIC_URL', 'https://images.example.org/club//', (c) => c.publicUrl, 'https://images.example.org/club'],
    ['PUBLIC_URL', 'HTTPS://Club.example:443', (c) => c.publicUrl, 'https://club.example'],
    ['PUBLIC_URL', 'http://[::1]:8080/', (c) => c.publicUrl, 'http://[::1]:8080'],
    ['TRUST_PROXY', '10.0.0.0/8, ::1,,fd00::/128', (c) => c.trustProxy, ['10.0.0.0/8', '::1', 'fd00::/128']],
    ['CORS_ORIGINS', 'https://a.example,http://b:3000', (c) => c.corsOrigins, ['https://a.example', 'http://b:3000']],
    ['LOG_LEVEL', 'trace', (c) => c.logLevel, 'trace'],
    ['BOOTSTRAP_API_KEY', `ic_${'a'.repeat(21)}`, (c) => c.bootstrapApiKey, `ic_${'a'.repeat(21)}`],
    ['DEMO', '0', (c) => c.demo, false],
    ['DEMO', 'True', (c) => c.demo, true],
    ['LIMITS_MAX_BODY_BYTES', '25MiB', (c) => c.limits.maxBodyBytes, 25 * 1024 ** 2],
    ['LIMITS_SYNC_TIMEOUT', '1.5m', (c) => c.limits.syncTimeoutMs, 90_000]
  ])('%s=%s is understood', (variable, text, read, value) => {
    expect(read(load({ [variable]: text }))).toEqual(value)
  })

  it.each([
    ['PORT', ['0', '65535'], ['65536', '-1', '1.5', '0x50', '1e3', 'http']],
    ['DEMO_STEP_TIME', ['0ms', '60s'], ['60001ms', '50', '-1s']],
    ['LIMITS_MAX_IMAGES_PER_REQUEST', ['1', '100'], ['0', '101']],
    ['LIMITS_MAX_PROMPT_CHARS', ['1', '1000000'], ['0', '1000001']],
    ['LIMITS_MAX_PIXELS', ['256', '268435456'], ['255', '268435457']],
    ['LIMITS_MAX_BODY_BYTES', ['1024', '1KiB', '1048576GiB'], ['1023', '1kilo', '-5MiB', '1048577GiB']],
    ['DISK_RESERVE', ['0', '1048576GiB'], ['-1', '1125899906842625']],
    ['DATABASE_LOG_BYTES', ['1MiB', '1048576GiB'], ['1048575', '1125899906842625']],
    ['QUARANTINE', ['0s', '3650d'], ['-1s', '315360000001ms']],
    ['LIMITS_KEYS_PER_USER', ['1', '100000'], ['0', '100001']],
    ['LIMITS_MAX_OUTPUT_BYTES', ['1024'], ['1KB']],
    ['LIMITS_SYNC_TIMEOUT', ['100ms', '24h'], ['99ms', '86400001ms']],
    ['LIMITS_NO_PROVIDER_TIMEOUT', ['100ms', '30d'], ['99ms', '31d']],
    ['LIMITS_QUEUE_PER_USER', ['1', '10000000'], ['0', '10000001']],
    ['LIMITS_QUEUE_TOTAL', ['1', '10000000'], ['0', '10000001']],
    ['LIMITS_DRAIN_TIMEOUT', ['0s', '1h'], ['61m']],
    ['LIMITS_CONNECTIONS_PER_ADDRESS', ['1', '1000000'], ['0', '1000001']],
    ['LIMITS_LEASE', ['200ms', '1h'], ['199ms', '61m']],
    ['LIMITS_RETENTION', ['0s', '1h', '36500d'], ['-1s', '1ms', '3599999ms', '3153600000001ms']],
    ['LIMITS_RETENTION_BYTES', ['0', '1000000', '1048576GiB'], ['-1', '1', '999999', '1125899906842625']],
    ['LIMITS_ADMINS_LOOK', ['0', '1'], ['maybe']],
    ['PUBLIC_PAGE', ['0', '1'], ['maybe']],
    ['PUBLIC_PROVENANCE', ['0', '1'], ['maybe']],
    ['LOG_LEVEL', ['silent'], ['loud', 'WARN']],
    ['DEMO', ['1', 'off'], ['2', 'maybe']],
    [
      'PUBLIC_URL',
      ['http://x', 'http://x/a.b/c_d/', 'http://x/v1beta'],
      [
        'x',
        'ftp://x',
        'http://x?a',
        'http://x#a',
        'http://u@x',
        'http://x/v1',
        'http://x/api/',
        "http://x/a'b",
        'http://x/a//b'
      ]
    ],
    ['TRUST_PROXY', ['10.0.0.0/32', '::/0'], ['localhost', '10.0.0.0/33', '::/129', '10.0.0.0/x', '10.0.0.0/']],
    ['ALLOWED_HOSTS', ['*', 'a.example,.b.example', 'nas'], ['http://a', 'a:80', 'a..b', '..a', 'a b']],
    ['METRICS_ADDRESSES', ['127.0.0.1, 10.0.0.0/8'], ['localhost']],
    ['CDN', ['auto', 'on', 'off'], ['yes']],
    ['LIMITS_CDN_TIMEOUT', ['100ms', '24h'], ['99ms', '86400001ms']],
    ['CORS_ORIGINS', ['*'], ['https://x/', 'x.example', 'https://x/path']],
    ['BOOTSTRAP_API_KEY', [`ic_${'_'.repeat(200)}`], [`ic_${'a'.repeat(20)}`, 'a'.repeat(24), `ic_${'!'.repeat(21)}`]]
  ])('%s ends where it should', (variable, fine, wrong) => {
    for (const text of fine) expect(mistakesOf({ [variable]: text }), text).toEqual([])
    for (const text of wrong) {
      expect(mistakesOf({ [variable]: text }), text).toEqual([
        expect.stringMatching(new RegExp(`^${PREFIX + variable} `))
      ])
    }
  })

  it('of secret content is not repeated', () => {
    expect(mistakesOf({ BOOTSTRAP_API_KEY: 'ic_hush!' }).join()).not.toContain('hush')
  })
})

describe('a provider of sign-ins', () => {
  const OIDC = {
    OIDC_ISSUER: 'https://auth.example.org/realms/club',
    OIDC_CLIENT_ID: 'club',
    OIDC_CLIENT_SECRET: 'hush'
  }
  const GITHUB = { GITHUB_CLIENT_ID: 'club', GITHUB_CLIENT_SECRET: 'hush' }

  it('is set up as a whole', () => {
    expect(load({ ...OIDC, ...GITHUB, OIDC_NAME: 'Club', REGISTRATION: 'open' }).signIn).toMatchObject({
      registration: 'open',
      oidcIssuer: OIDC.OIDC_ISSUER,
      oidcClientSecret: 'hush',
      oidcName: 'Club',
      githubClientId: 'club'
    })
  })

  it.each([...Object.keys(OIDC), ...Object.keys(GITHUB)])('is not without its %s', (missing) => {
    const all = missing.startsWith('OIDC') ? OIDC : GITHUB
    const mistakes = mistakesOf({ ...all, [missing]: ' ' })
    expect(mistakes).toEqual([expect.stringMatching(new RegExp(`^${PREFIX + missing} is missing: ${PREFIX}`))])
    expect(mistakes.join()).not.toContain('hush')
  })

  it('has an issuer that is a URL', () => {
    for (const OIDC_ISSUER of ['auth.example.org', 'ldap://auth.example.org', 'https://auth.example.org/?realm=club']) {
      expect(mistakesOf({ ...OIDC, OIDC_ISSUER })).toEqual([expect.stringMatching(/^INFERENCE_CLUB_OIDC_ISSUER must/)])
    }
  })
})

describe('mistakes', () => {
  it('are told all at once', () => {
    const wrong = { PORT: 'x', LIMITS_LEASE: '5', NONSENSE: '1', DEMO: 'maybe' }
    expect(mistakesOf(wrong).map((mistake) => mistake.split(' ')[0]?.slice(PREFIX.length))).toEqual([
      'NONSENSE',
      'PORT',
      'DEMO',
      'LIMITS_LEASE'
    ])
    expect(() => load(wrong)).toThrow(/^The configuration has 4 mistakes:\n {2}INFERENCE_CLUB_NONSENSE .*\n/)
    expect(() => load({ PORT: 'x' })).toThrow(/^The configuration has a mistake:\n {2}INFERENCE_CLUB_PORT .*'x'$/)
  })
})

describe('a variable nobody reads', () => {
  it.each([
    ['PROT', 'PORT'],
    ['DATADIR', 'DATA_DIR'],
    ['MAX_BODY_BYTES', 'LIMITS_MAX_BODY_BYTES'],
    ['LIMIT_SYNC_TIMEOUT', 'LIMITS_SYNC_TIMEOUT'],
    ['APIKEY', 'API_KEY']
  ])('is refused: %s, with a hint at %s', (name, meant) => {
    const hint = `INFERENCE_CLUB_${name} is not a variable of this version; did you mean INFERENCE_CLUB_${meant}?`
    expect(mistakesOf({ [name]: '1' })).toEqual([hint])
  })

  it('is refused without a hint when it is like none', () => {
    const hint = '`bin/inference-club serve --help` lists them all.'
    expect(mistakesOf({ COLOUR: '' })).toEqual([`INFERENCE_CLUB_COLOUR is not a variable of this version; ${hint}`])
  })

  it.each(['API_KEY', 'URL'])('here is left to other commands: %s', (name) => {
    expect(mistakesOf({ [name]: 'x' })).toEqual([])
  })

  it.each(['DATABASE_URL'])('yet is refused as such: %s', (name) => {
    expect(mistakesOf({ [name]: '60' })).toEqual([
      expect.stringContaining(`INFERENCE_CLUB_${name} is not supported by this version yet`)
    ])
    expect(mistakesOf({ [name]: '' })).toEqual([])
  })
})

describe('where images are stored', () => {
  it.each([
    ['s3://club', { bucket: 'club', prefix: '' }],
    ['s3://club/', { bucket: 'club', prefix: '' }],
    ['s3://Club_1.old/a/b-2//', { bucket: 'Club_1.old', prefix: 'a/b-2/' }],
    ['s3://a.b', { bucket: 'a.b', prefix: '' }],
    [`s3://${'x'.repeat(255)}`, { bucket: 'x'.repeat(255), prefix: '' }],
    [`s3://club/${'x'.repeat(200)}`, { bucket: 'club', prefix: `${'x'.repeat(200)}/` }]
  ])('may be %s', (storage, location) => {
    expect(mistakesOf({ STORAGE: storage })).toEqual([])
    expect(parseS3Location(storage)).toEqual(location)
  })

  it.each<[storage: string, why: RegExp]>([
    ...['disk', '/images', 's3:club', 's3://', 's3:///a', 'https://club/a'].map((storage): [string, RegExp] => [
      storage,
      /prefix$/
    ]),
    ['s3://b/c', /; the name of a bucket has 3 characters at least, 'b' has 1$/],
    ['s3://ab', /'ab' has 2$/],
    [`s3://${'x'.repeat(256)}`, /63 characters at most, in old ones 255, this has 256$/],
    ...['s3://-club', 's3://club.', 's3://clüb', 's3://a b c'].map((storage): [string, RegExp] => [
      storage,
      /; the name of a bucket is of letters/
    ]),
    ['s3://my..club/a', /two dots/],
    ['s3://192.168.0.1', /no IP address$/],
    ...['s3://club/../up', 's3://club/a//b', 's3://club/a?b', 's3://club/ä'].map((storage): [string, RegExp] => [
      storage,
      /; the prefix is of letters/
    ]),
    [`s3://club/${'x'.repeat(201)}`, /; the prefix has 200 characters at most, this has 201$/]
  ])('may not be %s, and says what is wrong', (storage, why) => {
    const mistakes = mistakesOf({ STORAGE: storage })
    expect(mistakes).toEqual([
      expect.stringMatching(/^INFERENCE_CLUB_STORAGE must be s3:\/\/bucket or s3:\/\/bucket\/prefix/)
    ])
    expect(mistakes[0]).toMatch(why)
  })

  it('may be moved from another place', () => {
    const from = (storageFrom: string, more: Record<string, string> = {}) =>
      mistakesOf({ STORAGE_FROM: storageFrom, ...more })
    const bucket = { STORAGE: 's3://club/images' }
    expect([from('disk', bucket), from('s3://club', bucket), from('s3://club', { S3_REGION: 'auto' })]).toEqual(
      Array(3).fill([])
    )
    const another = [expect.stringContaining('INFERENCE_CLUB_STORAGE_FROM must be another place')]
    expect([from('disk'), from('s3://club/images/', bucket)]).toEqual([another, another])
    expect(from('/srv/images', bucket)).toEqual([expect.stringContaining('STORAGE_FROM must be disk, s3://bucket')])
    const cdn = { ...bucket, STORAGE_DELIVERY: 'https://cdn.example.org' }
    expect(from('disk', cdn)).toEqual([expect.stringContaining('STORAGE_DELIVERY must be proxy or redirect')])
  })

  it('is brought by agents either way, and not past the marks', () => {
    const mistakes = (more: Record<string, string>) => mistakesOf({ STORAGE: 's3://club', ...more })
    expect([mistakes({ STORAGE_UPLOADS: 'direct' }), mistakes({ STORAGE_UPLOADS: 'proxy' })]).toEqual([[], []])
    expect(mistakes({ STORAGE_UPLOADS: 'redirect' })).toEqual([expect.stringContaining('STORAGE_UPLOADS must be')])
    expect(mistakes({ STORAGE_UPLOADS: 'direct', MARK_IMAGES: 'xmp' })).toEqual([
      expect.stringContaining('INFERENCE_CLUB_STORAGE_UPLOADS must be proxy with INFERENCE_CLUB_MARK_IMAGES')
    ])
    expect(mistakesOf({ STORAGE_UPLOADS: 'direct' })).toEqual([
      'INFERENCE_CLUB_STORAGE is missing: INFERENCE_CLUB_STORAGE_UPLOADS needs it'
    ])
  })

  it.each(['STORAGE_DELIVERY', 'S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT'])('is missing where there is a %s', (name) => {
    const missing = `INFERENCE_CLUB_STORAGE is missing: INFERENCE_CLUB_${name} needs it`
    expect(mistakesOf({ [name]: 'https://cdn.example.org' })).toEqual([missing])
    expect(mistakesOf({ [name]: 'https://cdn.example.org', STORAGE: 's3://club' })).toEqual([])
  })

  it('is not delivered by anything else', () => {
    expect(mistakesOf({ STORAGE: 's3://club', STORAGE_DELIVERY: 'direct' })).toEqual([
      expect.stringContaining('INFERENCE_CLUB_STORAGE_DELIVERY must be proxy, redirect')
    ])
  })

  it.each(['s3.example.org', 'ftp://s3.example.org', 'https://me:secret@s3.example.org', 'https://s3.example.org?x'])(
    'has no endpoint %s',
    (endpoint) => {
      expect(mistakesOf({ STORAGE: 's3://club', S3_ENDPOINT: endpoint })).toEqual([
        expect.stringContaining('INFERENCE_CLUB_S3_ENDPOINT must')
      ])
    }
  )
})

describe('what images are marked with', () => {
  it.each([
    [{ MARK_IMAGES: 'xmp, c2pa' }, []],
    [
      { MARK_IMAGES: 'xmp,paint' },
      [expect.stringMatching(/^INFERENCE_CLUB_MARK_IMAGES must be of xmp, c2pa, not 'paint'/)]
    ],
    [
      { C2PA_CERTIFICATE: 'a.pem' },
      [
        'INFERENCE_CLUB_C2PA_KEY is missing: INFERENCE_CLUB_C2PA_CERTIFICATE needs it',
        'INFERENCE_CLUB_MARK_IMAGES is missing: INFERENCE_CLUB_C2PA_CERTIFICATE needs it'
      ]
    ],
    [
      { MARK_IMAGES: 'c2pa', C2PA_KEY: 'a.pem' },
      ['INFERENCE_CLUB_C2PA_CERTIFICATE is missing: INFERENCE_CLUB_C2PA_KEY needs it']
    ],
    [{ MARK_IMAGES: 'c2pa', C2PA_TIME_STAMP_URL: 'ftp://a' }, [expect.stringMatching(/must be an http or https URL/)]]
  ])('%o is looked at as a whole', (set, mistakes) => {
    expect(mistakesOf(set as Record<string, string>)).toEqual(mistakes)
  })
})
