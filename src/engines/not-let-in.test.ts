import { describe, expect, it, onTestFinished } from 'vitest'
import { alike, startAnswering } from '../../tests/support/answering-server.ts'
import { ENGINES } from '../../tests/support/engine-servers.ts'
import { createEngine, type EngineSettings } from './engine-registry.ts'
import { sentAccess } from './not-let-in.ts'

type Engine = (typeof ENGINES)[number]

/** What a service is told of a server that lets it in with nothing that it sends. */
async function toldOf(
  engine: Engine,
  { status, challenge, ...settings }: { status: number; challenge?: string } & Partial<EngineSettings>,
  at: (url: string) => string = (url) => url
): Promise<{ message: string; remedy: string; fault: string }> {
  const url = await startAnswering(alike(status, '', challenge ? { 'www-authenticate': challenge } : {}))
  const service = { options: {}, models: [], folder: '.', maxImageBytes: 1000, ...settings, url: at(url) }
  const made = createEngine(engine, service)
  onTestFinished(() => made.close?.())
  return made.describe(new AbortController().signal).then(
    () => Promise.reject(new Error('it was let in')),
    (error: { message: string; remedy: string; fault: string }) => error
  )
}

const withPassword = (url: string) => url.replace('//', '//jo:pass@')
const PASSWORD = 'The image server refused its user name or password.'
const KEY = { none: 'wants an API key, and none is given.', refused: 'refused its API key.' }
const ACCOUNT = { none: 'wants an account, and none is given.', refused: 'refused its account.' }
const WORDS: Record<Engine, { none: string; refused: string }> = {
  openai: KEY,
  sdcpp: KEY,
  comfyui: KEY,
  automatic1111: { ...KEY, none: 'wants a user name and a password, or an API key, and none is given.' },
  invokeai: ACCOUNT,
  swarmui: ACCOUNT
}

describe.each(ENGINES.flatMap((engine) => [401, 403].map((status) => ({ engine, status }))))(
  'an image server of $engine that answers $status',
  ({ engine, status }) => {
    const { none, refused } = WORDS[engine]

    it('wants what was not given', async () => {
      const told = await toldOf(engine, { status })
      expect(told).toMatchObject({ fault: 'unreachable', message: `The image server ${none}` })
      expect(told.remedy).toMatch(/\bapi_key\b/)
    })

    it.each([
      ['as the key', { apiKey: 'sk-secret' }, ''],
      ['in a header', { headers: { 'x-api-key': 'sk-secret' } }, ''],
      ['in the address', {}, '?api_key=sk-secret']
    ])('refused what was given %s', async (_how, settings, query) => {
      const told = await toldOf(engine, { status, ...settings }, (url) => `${url}${query && `/x${query}`}`)
      expect(told).toMatchObject({ fault: 'unreachable', message: `The image server ${refused}` })
      expect(told.remedy).toMatch(/\bapi_key\b/)
    })

    it('refused a user name and a password, whatever else it asks for', async () => {
      const told = await toldOf(engine, { status, challenge: 'Bearer' }, withPassword)
      expect(told).toMatchObject({ fault: 'unreachable', message: PASSWORD })
      expect(told.remedy).toContain('http://user:password@host')
    })
  }
)

it('of an account of InvokeAI says that it is refused, though it is not sent before it is asked for', async () => {
  expect(await toldOf('invokeai', { status: 403, apiKey: 'jo@example.com:pass' })).toMatchObject({
    message: `The image server ${ACCOUNT.refused}`
  })
})

describe('what was sent', () => {
  it.each([
    [{}, '', 'none'],
    [{ authorization: 'Bearer x' }, '', 'key'],
    [{ authorization: 'Basic x' }, '', 'password'],
    [{ authorization: 'Basic x', 'api-key': 'x' }, '', 'key'],
    [{ cookie: 'swarm_token=x' }, '', 'key'],
    [{ 'cf-access-client-secret': 'x' }, '', 'key'],
    [{ 'x-access-token': 'x' }, '', 'key'],
    [{ 'http-referer': 'https://club.example', 'x-title': 'a club' }, '', 'none'],
    [{ 'x-api-key': '' }, '', 'none'],
    [{}, '?api-version=2025-04-01', 'none'],
    [{}, '?api-version=1&subscription-key=x', 'key'],
    [{}, '?key=', 'none'],
    [{}, '?code=x', 'key'],
    [{ authorization: 'Basic x' }, '?token=x', 'key']
  ] as const)('%j to %j is %s', (headers, query, sent) => {
    expect(sentAccess(headers, `http://127.0.0.1:1${query}`)).toBe(sent)
  })
})

it('of a server that says again what was given in its address tells its words without that', async () => {
  const url = await startAnswering(alike(403, JSON.stringify({ error: { message: 'hush/1234 may not' } })))
  const service = { options: {}, models: [], folder: '.', maxImageBytes: 1000 }
  for (const value of ['hush%2F1234', 'hush/1234']) {
    const made = createEngine('openai', { ...service, url: `${url}/v1?subscription-key=${value}` })
    onTestFinished(() => made.close?.())
    await expect(made.describe(new AbortController().signal)).rejects.toMatchObject({
      message: 'The image server refused its API key: [key] may not'
    })
  }
})
