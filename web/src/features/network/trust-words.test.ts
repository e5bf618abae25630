import { describe, expect, it } from 'vitest'
import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { formatUntil } from '../../lib/format.ts'
import { explainTrust, trustWords } from './trust-words.ts'

const STATES = ['pending', 'limited', 'blocked', 'closed', 'trusted'] as const

const servicesOf = (concurrency: number, access: 'members' | 'private' = 'members', canMake = true) =>
  [
    { type: 'image', concurrency, access, running: 0, bar: null, models: [{ canMake }] }
  ] as unknown as ProviderInfo['services']
const services = servicesOf(4)
const GIVEN = { atOnce: 2, perHour: 20, images: 20, timeMs: 86_400_000 }

describe('what is said of trust', () => {
  it.each(STATES)('%s: a badge exactly where there is an explanation', (state) => {
    const trust = { state, since: 1, isShared: true, given: GIVEN }
    expect(trustWords({ trust, services }) === null).toBe(explainTrust({ trust, isMine: true, services }) === null)
    expect(trustWords({ trust, services }) === null).toBe(state === 'trusted')
  })

  it.each(STATES)('%s: nothing of a machine that its owner keeps private', (state) => {
    const trust = { state, since: 1, isShared: false }
    expect(trustWords({ trust, services })).toBeNull()
    expect(explainTrust({ trust, isMine: false, services })).toBeNull()
  })

  it('tells the owner that their own requests run', () => {
    const trust = { state: 'pending', since: 1, isShared: true } as const
    expect(explainTrust({ trust, isMine: true, services })).toBe(
      "Waiting for an admin's approval: your own requests run here already."
    )
  })

  it('promises no requests of the owner while its machine can make nothing, as where its image server is away', () => {
    const tell = (state: (typeof STATES)[number], isMine = true) =>
      explainTrust({ trust: { state, since: 1, isShared: true }, isMine, services: servicesOf(4, 'members', false) })
    expect(tell('pending')).toBe("Waiting for an admin's approval.")
    expect(tell('blocked', false)).toBe('An admin has stopped it from serving others.')
    expect(tell('closed')).toBe('Only the machines of admins serve others here.')
    expect(
      explainTrust({ trust: { state: 'pending', since: 1, isShared: true }, isMine: true, services: [] })
    ).not.toContain('run')
  })

  it('tells that others have had what a new one may make for them, and until when', () => {
    const until = Date.now() + 60_000
    const trust = { state: 'limited', since: 1, isShared: true, given: GIVEN, spent: { until } } as const
    expect(trustWords({ trust, services })).toBe(`New here; none left until ${formatUntil(until)}`)
    expect(trustWords({ services, trust: { ...trust, spent: { until: null } } })).toBe('New here; none left for now')
    const tell = (spent: { until: number | null; beingMade?: number }) =>
      explainTrust({ trust: { ...trust, spent }, isMine: true, services })
    expect(tell({ until })).toContain(
      ` Others have had these 20 within the last hour: there is more from ${formatUntil(until)} on, or when an admin trusts it.`
    )
    expect(tell({ until: null })).toMatch(
      /there is more an hour after what is being made, or when an admin trusts it\.$/
    )
    expect(trustWords({ services, trust: { ...trust, spent: { until, beingMade: 1 } } })).toBe(
      'New here; the last one is being made'
    )
    // There is nothing of it for the reader after it either.
    const barred = services.map((service) => ({ ...service, bar: 'reader' as const }))
    expect(trustWords({ trust, services: barred })).toBe('New here')
    expect(tell({ until, beingMade: 1 })).toContain(
      ` The last one is being made: there is more when it fails, else from ${formatUntil(until)} on, or when an admin trusts it.`
    )
    expect(tell({ until: null, beingMade: 2 })).toMatch(
      / The last 2 are being made: there is more when enough of them fail, else an hour later, or when an admin trusts it\.$/
    )
  })

  it('tells how much a newcomer is given, and until when', () => {
    const trust = { state: 'limited', since: 1, isShared: true } as const
    const tell = (change: Partial<typeof GIVEN> = {}) =>
      explainTrust({ trust: { ...trust, given: { ...GIVEN, ...change } }, isMine: true, services })
    expect(tell()).toBe(
      'New here: of others’ images it is given 2 at a time and 20 an hour, until it has delivered 20 of them and a day has passed.'
    )
    expect(tell({ images: 1, timeMs: 2 * 86_400_000 })).toMatch(
      /until it has delivered one of them and 2 days have passed\.$/
    )
    expect(tell({ images: 0 })).toMatch(/an hour, until a day has passed\.$/)
    expect(tell({ images: 0, timeMs: 0 })).toMatch(/20 an hour\.$/)
  })

  it.each([
    ['one place', servicesOf(1)],
    ['as many places as it is given', servicesOf(2)],
    ['more places, but one for others', [...servicesOf(1), ...servicesOf(9, 'private')]]
  ])('says nothing of how many at a time where the machine has %s', (_, few) => {
    const trust = { state: 'limited', since: 1, isShared: true, given: GIVEN } as const
    expect(explainTrust({ trust, isMine: true, services: few })).toBe(
      'New here: of others’ images it is given 20 an hour, until it has delivered 20 of them and a day has passed.'
    )
  })
})
