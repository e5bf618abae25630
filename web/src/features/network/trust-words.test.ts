import { describe, expect, it } from 'vitest'
import { explainTrust, trustWords } from './trust-words.ts'

const STATES = ['pending', 'limited', 'blocked', 'closed', 'trusted'] as const

describe('what is said of trust', () => {
  it.each(STATES)('%s: a badge exactly where there is an explanation', (state) => {
    const trust = { state, since: 1, isShared: true }
    expect(trustWords(trust) === null).toBe(explainTrust({ trust, isMine: true }) === null)
    expect(trustWords(trust) === null).toBe(state === 'trusted')
  })

  it.each(STATES)('%s: nothing of a machine that its owner keeps private', (state) => {
    const trust = { state, since: 1, isShared: false }
    expect(trustWords(trust)).toBeNull()
    expect(explainTrust({ trust, isMine: false })).toBeNull()
  })

  it('tells the owner that their own requests run', () => {
    const trust = { state: 'pending', since: 1, isShared: true } as const
    expect(explainTrust({ trust, isMine: true })).toBe(
      "Waiting for an admin's approval: your own requests run here already."
    )
  })
})
