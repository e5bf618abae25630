import { describe, expect, it } from 'vitest'
import type { WaitReason } from '../../../../src/http/dashboard/contract/requests.ts'
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
const advise = (code: string, context: AdviceContext = friend) => adviceFor({ code, message: '' }, context)

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

  it.each(['no_provider', 'upstream_busy'])('who waited in vain is told whose machine it may be: %s', (code) => {
    expect(advise(code)).toMatch(/If it stays so, tell Ann, whose machine home-rig is to have this model\.$/)
    expect(advise(code, { ...friend, providers: [] }) ?? '').not.toMatch(/tell/)
    expect(advise(code, { ...friend, model: 'other' }) ?? '').not.toMatch(/Ann/)
    expect(
      advise(code, { ...friend, providers: [has(ann, 'home-rig', { access: 'private', bar: 'private' })] }) ?? ''
    ).not.toMatch(/Ann/)
  })

  it('is told of three machines at most', () => {
    const many = Array.from({ length: 4 }, (_, index) => has({ id: `usr_${index}`, name: `P${index}` }, `rig-${index}`))
    expect(advise('no_provider', { ...friend, providers: many })).toMatch(
      /P0, .*P1, .* or P2, whose machine rig-2 is to have/
    )
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
    ['hung', /look after home-rig: start its image server again/],
    ['lease_lapsed', /look after home-rig: see that it is on/],
    ['bad_output', /look after home-rig: make an image with its image server itself/],
    ['crashed', /look after home-rig: see that its image server runs/],
    ['from_the_future', /look after home-rig: see that its image server runs/],
    ['constructor', /look after home-rig: see that its image server runs/]
  ])('is told what to do there about %s', (reason, wanted) => {
    expect(advise('upstream_error', { ...owner, attempts: [failed(ann, 'home-rig', reason)] })).toMatch(wanted)
  })

  it.each(['no_provider', 'upstream_busy'])('is told it of a machine that could not begin: %s', (code) => {
    expect(advise(code, owner)).toMatch(/Your machine home-rig is to have this model: see that /)
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

describe('where nobody could begin', () => {
  const fresh = { ...has(), trust: { ...has().trust, state: 'limited' as const, spent: { until: null } } }
  const adviseOf = (reason: WaitReason, context: AdviceContext, machines = ['prv_home-rig']) =>
    adviceFor({ code: 'upstream_busy', message: '', unbegun: { reason, machines } }, context)
  const LATER = 'Retry it later, or use another model.'
  const TELL = `${LATER} If it stays so, tell Ann, whose machine home-rig it is.`
  const YOURS = `${LATER} It is your machine home-rig:`
  const RESTART = 'after a change there restart the agent.'
  const TRUST = 'An admin can lift the limit: ask one to trust'

  it.each<[WaitReason, { friend?: string; owner?: string; admin?: string }]>([
    ['paused', { friend: TELL, owner: `${YOURS} see whether its image server is busy with other work.`, admin: TELL }],
    [
      'unusable',
      {
        friend: TELL,
        owner: `${YOURS} see that its image server runs and makes images, and that its address and its key are right in the agent’s file: ${RESTART}`,
        admin: TELL
      }
    ],
    [
      'missing',
      {
        friend: TELL,
        owner: `${YOURS} see that its image server has the model, and that the agent’s file calls it as the server does (served_as): ${RESTART}`,
        admin: TELL
      }
    ],
    ['drained', { friend: TELL, owner: `${YOURS} resume it on its page under Network.`, admin: TELL }],
    ['away', { friend: TELL, owner: `${YOURS} see that it is on, and start its agent.`, admin: TELL }],
    [
      'new_here',
      {
        friend: `${TRUST} Ann’s machine home-rig.`,
        owner: `${TRUST} your machine home-rig.`,
        admin: 'home-rig is new here: “Trust now” on its page lifts the limit.'
      }
    ],
    [
      'approval',
      {
        friend: 'Ask an admin to let the machine in.',
        owner: 'Ask an admin to let the machine in.',
        admin: 'Let the machine in under Network.'
      }
    ],
    ['capped', {}]
  ])('each reader is told what they can do: %s', (reason, wanted) => {
    const providers = [fresh]
    expect(adviseOf(reason, { ...friend, providers })).toBe(wanted.friend)
    expect(adviseOf(reason, { ...owner, providers })).toBe(wanted.owner)
    expect(adviseOf(reason, { ...admin, providers })).toBe(wanted.admin)
  })

  it('names nobody who does not serve the account', () => {
    for (const context of [friend, admin]) expect(adviseOf('not_served', context, [])).not.toMatch(/Ann|home-rig/)
  })

  it('names the machines that it was, however they are by now, and no others', () => {
    const [attic, gone] = [has(ben, 'attic', { canMake: false }), { ...has(), services: [] }]
    expect(adviseOf('missing', { ...friend, providers: [attic, gone] })).toBe(TELL)
    expect(adviseOf('missing', { ...friend, providers: [attic] })).toBe(LATER)
    const two = { ...friend, providers: [has(), has(ann, 'den'), attic] }
    expect(adviseOf('missing', two, ['prv_home-rig', 'prv_den', 'prv_attic'])).toBe(
      `${LATER} If it stays so, tell Ann, whose machines home-rig and den they are or Ben, whose machine attic it is.`
    )
    expect(adviseOf('missing', { ...owner, providers: [attic, has()] }, ['prv_attic', 'prv_home-rig'])).toMatch(
      /It is your machine home-rig: /
    )
  })

  it.each(['no_provider', 'upstream_busy'])('says the same whatever the message is: %s', (code) => {
    for (const context of [friend, owner, admin]) {
      for (const unbegun of [{}, { unbegun: { reason: 'missing', machines: ['prv_home-rig'] } }] as const) {
        const of = (message: string) => adviceFor({ code, message, ...unbegun }, context)
        const told = "It is your machine 'home-rig': see that. If it stays so, tell Ann. Try again later."
        expect(of(told)).toBe(of(''))
      }
    }
  })

  it('claims of no machine that it has the model, where it is not known why', () => {
    for (const context of [friend, owner, admin]) {
      expect(advise('upstream_busy', context)).not.toMatch(/(?<!to )ha(s|ve) this model|Retry it/)
    }
  })
})
