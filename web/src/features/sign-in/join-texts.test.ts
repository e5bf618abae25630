import { describe, expect, it } from 'vitest'
import type { InvitationLook } from '../../../../src/http/dashboard/contract/session.ts'
import { joinTexts } from './join-texts.ts'

const LOOK: InvitationLook = { kind: 'join', email: null, name: null, role: 'member', invitedBy: 'Ada', expiresAt: 0 }

describe('joinTexts', () => {
  it('says who invites whom as what', () => {
    expect(joinTexts(LOOK, 'The Attic').title).toBe('Join The Attic')
    expect(joinTexts(LOOK, 'The Attic').description).toBe('Ada invites you as a member.')
    expect(joinTexts({ ...LOOK, role: 'admin', invitedBy: null }, 'The Attic').description).toBe(
      'You are invited as an admin.'
    )
  })

  it('keeps the address of an invitation', () => {
    expect(joinTexts(LOOK, 'The Attic')).toMatchObject({ email: undefined, emailFixed: false })
    expect(joinTexts({ ...LOOK, email: 'm@example.org' }, 'The Attic')).toMatchObject({
      email: 'm@example.org',
      emailFixed: true
    })
  })

  it('lets the first admin choose everything', () => {
    const first = joinTexts(
      { ...LOOK, kind: 'claim', email: 'admin@localhost', name: 'Admin', role: 'admin' },
      'The Attic'
    )
    expect(first).toMatchObject({ title: 'This installation is yours', emailFixed: false })
    expect([first.name, first.email]).toEqual([undefined, undefined])
  })

  it('begins with what is known when somebody forgot a password', () => {
    const known = joinTexts({ ...LOOK, kind: 'claim', email: 'mara@example.org', name: 'Mara' }, 'The Attic')
    expect(known).toMatchObject({
      title: 'Set a new password',
      name: 'Mara',
      email: 'mara@example.org',
      emailFixed: false
    })
  })
})
