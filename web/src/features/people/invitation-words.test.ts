import { describe, expect, it } from 'vitest'
import { invitationTitle } from './invitation-words.ts'

describe('invitationTitle', () => {
  it('names whom it is for', () => {
    expect(invitationTitle({ kind: 'join', email: 'mara@example.org' })).toBe('mara@example.org')
    expect(invitationTitle({ kind: 'join', email: null })).toBe('Whoever has the link')
  })
  it('tells links to a new password apart', () => {
    expect(invitationTitle({ kind: 'claim', email: 'mara@example.org' })).toBe('New password for mara@example.org')
  })
})
