import { describe, expect, it } from 'vitest'
import { attempt, provider, service } from '../request-samples.ts'
import { type AdviceContext, adviceFor } from './error-advice.ts'

const ann = { id: 'usr_ann', name: 'Ann' }
const ben = { id: 'usr_ben', name: 'Ben' }
const failed = (owner = ann, machine = 'home-rig', reason = 'crashed') =>
  attempt({ state: 'failed', owner, provider: machine, reason })
const has = (owner = ann, name = 'home-rig', change = {}) =>
  provider({ id: `prv_${name}`, name, owner, services: [service({ models: ['demo'], ...change })] })

const friend: AdviceContext = {
  reader: { id: 'usr_cy', role: 'member' },
  model: 'demo',
  attempts: [failed()],
  providers: [has()]
}
const owner: AdviceContext = { ...friend, reader: { id: ann.id, role: 'member' } }
const admin: AdviceContext = { ...friend, reader: { id: 'usr_op', role: 'admin' } }
const advise = (code: string, context: AdviceContext = friend, message = '') => adviceFor({ code, message }, context)

const CODES = [
  ...['content_rejected', 'no_provider', 'upstream_error', 'upstream_busy', 'timeout', 'invalid_request'],
  ...['invalid_size', 'storage_unavailable', 'insufficient_quota', 'internal_error', 'from_the_future', 'toString']
]

it('knows what to do about the errors that end requests, and about those it has never heard of', () => {
  const advice = CODES.map((code) => advise(code))
  for (const text of advice) expect(text).toMatch(/\.$/)
  expect(new Set(advice).size).toBe(CODES.length - 1)
})

describe('a friend', () => {
  it('is told whom to tell, by name', () => {
    expect(advise('upstream_error')).toBe('Retry it. If it fails again, tell Ann, whose machine home-rig tried it.')
    expect(advise('upstream_error', { ...friend, attempts: [failed(), failed(), failed(ben, 'attic')] })).toMatch(
      /tell Ann, .* or Ben, whose machine attic tried it\.$/
    )
    expect(advise('upstream_error', { ...friend, attempts: [attempt({ owner: ben })] })).toMatch(/tell an admin\.$/)
  })

  it.each(['no_provider', 'upstream_busy'])('who waited in vain is told whose machine it was: %s', (code) => {
    expect(advise(code)).toMatch(/tell Ann, whose machine home-rig has this model\.$/)
    expect(advise(code, { ...friend, providers: [] })).not.toMatch(/tell/)
    expect(advise(code, { ...friend, model: 'other' })).not.toMatch(/Ann/)
    expect(advise(code, { ...friend, providers: [has(ann, 'home-rig', { access: 'private' })] })).not.toMatch(/Ann/)
  })

  it('who waited for a new machine that has made what it may is told that an admin can lift that', () => {
    const fresh = has()
    const providers = [{ ...fresh, trust: { ...fresh.trust, state: 'limited' as const, spent: { until: null } } }]
    expect(advise('upstream_busy', { ...friend, providers })).toBe(
      'Retry it later. An admin can lift the limit: ask one to trust Ann’s machine home-rig.'
    )
  })

  it('is not told twice what the gateway has said of a wait in vain', () => {
    const busy = 'The image servers that have this model are busy at the moment. Try again later.'
    expect(advise('upstream_busy', friend, busy)).toBe(
      'If it stays so, tell Ann, whose machine home-rig has this model.'
    )
    const lacks = 'The image servers that are to have this model lack it at the moment. Try again later.'
    const told = `${lacks} If it stays so, tell Ann, whose machine 'home-rig' it is.`
    expect(advise('upstream_busy', friend, told)).toBeUndefined()
    const own = `${lacks} It is your machine 'home-rig': see that its image server has the model.`
    expect(advise('upstream_busy', owner, own)).toBeUndefined()
  })

  it('is told of three machines at most', () => {
    const many = Array.from({ length: 4 }, (_, index) => has({ id: `usr_${index}`, name: `P${index}` }, `rig-${index}`))
    expect(advise('no_provider', { ...friend, providers: many })).toMatch(/P0, .*P1, .* or P2, whose machine rig-2 has/)
    expect(advise('no_provider', { ...friend, providers: many })).not.toMatch(/P3/)
  })

  it('is sent to no log, no disk and no image server', () => {
    for (const code of CODES) expect(advise(code)).not.toMatch(/\blogs?\b|disk|agent.s file|its image server|printed/)
  })
})

describe('the owner of the machine', () => {
  it.each([
    ['out_of_memory', /look after home-rig: .*graphics card.*max_pixels/],
    ['timeout', /look after home-rig: .*timeout in the agent’s file/],
    ['lease_lapsed', /look after home-rig: see that it is on/],
    ['bad_output', /look after home-rig: make an image with its image server itself/],
    ['crashed', /look after home-rig: see that its image server runs/],
    ['from_the_future', /look after home-rig: see that its image server runs/],
    ['constructor', /look after home-rig: see that its image server runs/]
  ])('is told what to do there about %s', (reason, wanted) => {
    expect(advise('upstream_error', { ...owner, attempts: [failed(ann, 'home-rig', reason)] })).toMatch(wanted)
  })

  it.each(['no_provider', 'upstream_busy'])('is told it of a machine that could not begin: %s', (code) => {
    expect(advise(code, owner)).toMatch(/Your machine home-rig has this model: see that /)
    const others = { ...owner, providers: [has(ben, 'attic'), has()] }
    expect(advise(code, others)).not.toMatch(/Ben/)
  })

  it('is told nothing of what they cannot do about the machines of others', () => {
    expect(advise('upstream_error', { ...owner, attempts: [failed(ben, 'attic')] })).toMatch(/tell Ben/)
  })
})

describe('an admin', () => {
  it('is told what only they can do, and no more of machines than a friend', () => {
    expect(advise('upstream_error', admin)).toMatch(/tell Ann/)
    expect(advise('no_provider', admin)).toMatch(/tell Ann/)
    expect(advise('upstream_error', { ...admin, attempts: [] })).toMatch(/see under Admin what else failed\.$/)
    expect(advise('storage_unavailable', admin)).toMatch(/disk/)
    expect(advise('insufficient_quota', admin)).toMatch(/raise it under Admin/)
  })

  it('is told to read no log', () => {
    for (const code of CODES)
      expect(advise(code, admin)).not.toMatch(/(look|see|read)\b[^.]*\blogs?\b|its image server/)
  })
})
