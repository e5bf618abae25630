import { expect, it } from 'vitest'
import type { ServiceInfo, WarmInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { isOpen, mayBeWarmed, tellWarm } from './warm-words.ts'

const warm = (state: WarmInfo['state'], text: string | null = null): WarmInfo => ({
  ...{ model: 'm', askedAt: 0 },
  state,
  text
})
const STATES: WarmInfo['state'][] = ['asked', 'waiting', 'warming', 'warmed', 'refused', 'failed', 'unsupported']

it('says what became of the wish, each in its own words, with what the agent said of it', () => {
  const told = STATES.map((state) => tellWarm(warm(state), { isOnline: true }))
  expect(new Set(told).size).toBe(STATES.length)
  expect(tellWarm(warm('asked'), { isOnline: false })).toMatch(/when|if it is back/)
  expect(tellWarm(warm('failed', 'No room.'), { isOnline: true })).toMatch(/: “No room.”$/)
})

it('has what is not loaded yet be asked for, and not twice, nor where that cannot be', () => {
  const model = { isLoaded: false, canMake: true }
  const here = { isOnline: true, drainedAt: null }
  const works = { isPaused: false, warning: null as ServiceInfo['warning'] }
  const may = (
    change: { isLoaded?: boolean | null; canMake?: boolean },
    wish?: WarmInfo,
    at: Partial<typeof works> = {},
    on: { isOnline?: boolean; drainedAt?: number } = {}
  ) => mayBeWarmed({ model: { ...model, ...change }, service: { ...works, ...at }, provider: { ...here, ...on } }, wish)
  expect(STATES.filter((state) => isOpen(warm(state)))).toEqual(['asked', 'waiting', 'warming'])
  expect(STATES.filter((state) => may({}, warm(state)))).toEqual(['warmed', 'refused', 'failed'])
  expect([true, false, null].map((isLoaded) => may({ isLoaded }))).toEqual([false, true, true])
  expect(may({ isLoaded: true }, warm('failed'))).toBe(false)
  const down = { warning: { since: 0, text: null } }
  // Its server is down, refuses its key or does not have the model: the agent would say no.
  expect(may({ canMake: false }, undefined, down)).toBe(false)
  expect(may({ canMake: false }, undefined, { ...down, isPaused: true })).toBe(false)
  // Another model of the service is missing.
  expect(may({}, undefined, down)).toBe(true)
  // What its owner has paused may be made ready before it goes on; what is away has ten minutes to come back.
  expect(may({ canMake: false }, undefined, { isPaused: true })).toBe(true)
  expect(may({ canMake: false }, undefined, {}, { drainedAt: 1 })).toBe(true)
  expect(may({ canMake: false }, undefined, {}, { isOnline: false })).toBe(true)
})
