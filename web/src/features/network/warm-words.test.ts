import { expect, it } from 'vitest'
import type { WarmInfo } from '../../../../src/http/dashboard/contract/network.ts'
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
  expect(STATES.filter((state) => isOpen(warm(state)))).toEqual(['asked', 'waiting', 'warming'])
  expect(STATES.filter((state) => mayBeWarmed({ isLoaded: false }, warm(state)))).toEqual([
    'warmed',
    'refused',
    'failed'
  ])
  expect([true, false, null].map((isLoaded) => mayBeWarmed({ isLoaded }, undefined))).toEqual([false, true, true])
  expect(mayBeWarmed({ isLoaded: true }, warm('failed'))).toBe(false)
})
