import { describe, expect, it } from 'vitest'
import { AppError } from '../../../lib/errors.ts'
import { DASHBOARD_KEY_ID, type Principal, type Role } from '../../../lib/principal.ts'
import { parseNewKey } from './parse-new-key.ts'

const NOW = 1_700_000_000_000
const NONE = { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null }
const PLAIN = {
  name: 'laptop',
  scopes: ['generate'],
  expiresAt: null,
  limits: NONE,
  rateLimit: null,
  responseFormat: 'url'
}

const person = (role: Role): Principal => ({
  userId: 'usr_1',
  email: 'ada@example.org',
  role,
  keyId: DASHBOARD_KEY_ID,
  scopes: ['generate', 'usage'],
  limits: { key: {}, user: {} },
  emailVerified: true,
  responseDefault: 'url'
})

const parse = (body: unknown, { role = 'member' as Role, perMinute = 0 } = {}) =>
  parseNewKey(body, { principal: person(role), now: NOW, perMinute })

function refusal(body: unknown, options: Parameters<typeof parse>[1] = {}): { code: string; param: string | null } {
  try {
    parse(body, options)
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, param: error.param }
    throw error
  }
  throw new Error('it was not refused')
}

describe('a new key', () => {
  it('is its maker’s, with what was asked for', () => {
    expect(parse(PLAIN)).toEqual({
      userId: 'usr_1',
      name: 'laptop',
      scopes: ['generate'],
      limits: {},
      responseDefault: 'url'
    })
    const limits = { imagesPerDay: 1, imagesPerMonth: 2, maxActive: 3, maxPixels: 4, models: ['demo', ' a/b ', 'demo'] }
    expect(
      parse({
        ...PLAIN,
        name: '  a key ',
        scopes: ['usage', 'agent', 'generate', 'agent'],
        expiresAt: NOW + 1,
        limits,
        rateLimit: 30,
        responseFormat: 'b64_json_only'
      })
    ).toEqual({
      userId: 'usr_1',
      name: 'a key',
      scopes: ['usage', 'agent', 'generate'],
      expiresAt: NOW + 1,
      limits: { ...limits, models: ['demo', 'a/b'] },
      rateLimit: 30,
      responseDefault: 'b64_json_only'
    })
    expect(parse({ name: 'short', scopes: ['usage'] })).toMatchObject({ name: 'short', limits: {} })
    expect(parse({ ...PLAIN, responseFormat: null })).not.toHaveProperty('responseDefault')
  })

  it('of an admin may do anything', () => {
    const body = { ...PLAIN, scopes: ['admin'], rateLimit: 0 }
    expect(parse(body, { role: 'admin', perMinute: 5 })).toMatchObject({ scopes: ['admin'], rateLimit: 0 })
  })

  const refused: [field: string, value: unknown, param?: string][] = [
    ['name', undefined],
    ['name', '  '],
    ['name', 7],
    ['name', 'x'.repeat(101)],
    ['name', 'red\u001b[31m'],
    ['scopes', undefined],
    ['scopes', []],
    ['scopes', 'generate'],
    ['scopes', ['generate', 'everything']],
    ['scopes', ['admin']],
    ['scopes', [null]],
    ['expiresAt', NOW],
    ['expiresAt', NOW + 0.5],
    ['expiresAt', 'tomorrow'],
    ['expiresAt', 1e300],
    ['expiresAt', Number.MAX_SAFE_INTEGER],
    ['expiresAt', 253_402_300_800_000],
    ['limits', []],
    ['limits', 5],
    ['limits', { imagesPerDay: 0 }, 'limits.imagesPerDay'],
    ['limits', { imagesPerMonth: 1.5 }, 'limits.imagesPerMonth'],
    ['limits', { maxActive: -1 }, 'limits.maxActive'],
    ['limits', { maxPixels: 'many' }, 'limits.maxPixels'],
    ['limits', { models: [] }, 'limits.models'],
    ['limits', { models: 'demo' }, 'limits.models'],
    ['limits', { models: ['demo', ''] }, 'limits.models'],
    ['limits', { models: [5] }, 'limits.models'],
    ['limits', { imagesADay: 5 }, 'limits.imagesADay'],
    ['rateLimit', 0],
    ['rateLimit', -1],
    ['rateLimit', 2.5],
    ['responseFormat', 'png'],
    ['colour', 'red']
  ]
  it.each(refused)('is refused for its %s %j', (field, value, param = field) => {
    expect(refusal({ ...PLAIN, [field]: value })).toEqual({ code: 'invalid_request', param })
  })

  it('of a member may be called as often as the server is configured to allow, not more', () => {
    expect(parse({ ...PLAIN, rateLimit: 60 }, { perMinute: 60 })).toMatchObject({ rateLimit: 60 })
    expect(refusal({ ...PLAIN, rateLimit: 61 }, { perMinute: 60 })).toEqual({
      code: 'invalid_request',
      param: 'rateLimit'
    })
  })

  it('is a JSON object', () => {
    expect(refusal(undefined).code).toBe('invalid_json')
    expect(refusal([PLAIN]).code).toBe('invalid_request')
    expect(refusal('key').code).toBe('invalid_request')
  })
})
