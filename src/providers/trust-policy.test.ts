import { describe, expect, it } from 'vitest'
import { firstTrust, placesForOthers, reachOf } from './trust-policy.ts'

describe('whom a provider serves', () => {
  it.each([
    // trust, role of its owner, who may offer → whom it serves
    ['pending', 'member', 'approve', 'owner'],
    ['pending', 'member', 'open', 'owner'],
    ['pending', 'admin', 'approve', 'all'],
    ['limited', 'member', 'approve', 'few'],
    ['limited', 'member', 'open', 'few'],
    ['limited', 'admin', 'auto', 'all'],
    ['trusted', 'member', 'auto', 'all'],
    ['trusted', 'admin', 'admins', 'all'],
    ['trusted', 'member', 'admins', 'owner'],
    ['limited', 'member', 'admins', 'owner'],
    ['blocked', 'member', 'open', 'owner'],
    ['blocked', 'admin', 'admins', 'owner']
  ] as const)('%s, of a %s, where %s may offer: %s', (trust, ownerRole, mode, reach) => {
    expect(reachOf({ trust, ownerRole }, mode)).toBe(reach)
  })
})

describe('how a provider begins', () => {
  it.each([
    // who may offer, role of its owner, people, a model of others → trust
    ['auto', 'member', 1, false, 'limited'],
    ['auto', 'member', 2, false, 'pending'],
    ['auto', 'admin', 9, true, 'trusted'],
    ['approve', 'member', 1, false, 'pending'],
    ['open', 'member', 9, false, 'limited'],
    ['open', 'member', 9, true, 'pending'],
    ['admins', 'member', 9, false, 'pending'],
    ['admins', 'admin', 9, false, 'trusted']
  ] as const)(
    'where %s may offer, of a %s among %i, a model of others %s: %s',
    (mode, ownerRole, people, contested, trust) => {
      expect(firstTrust({ mode, ownerRole, people, contested })).toBe(trust)
    }
  )
})

describe('what a new provider may be given of others', () => {
  const rules = { newProviderAtOnce: 2, newProviderPerHour: 20 }
  it.each([
    // running, ended within an hour → places
    [0, 0, 2],
    [1, 0, 1],
    [2, 0, 0],
    [0, 18, 2],
    [1, 18, 1],
    [0, 19, 1],
    [1, 19, 0],
    [0, 20, 0],
    [3, 30, 0]
  ])('with %i running and %i within an hour: %i', (running, withinHour, places) => {
    expect(placesForOthers({ running, withinHour }, rules)).toBe(places)
  })
})
