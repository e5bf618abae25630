import { describe, expect, it } from 'vitest'
import { checkCredentials, checkSignIn, isEmailAddress } from './check-credentials.ts'

const GOOD = { name: 'Mara', email: 'mara@example.org', password: 'quite a long one' }

describe('checkCredentials', () => {
  it('lets good ones pass', () => expect(checkCredentials(GOOD)).toEqual({}))
  it('names everything that is wrong', () => {
    expect(Object.keys(checkCredentials({ name: ' ', email: 'mara', password: 'short' }))).toEqual([
      'name',
      'email',
      'password'
    ])
  })
  it('takes passwords of 8 to 128 characters', () => {
    const of = (length: number) => checkCredentials({ ...GOOD, password: 'x'.repeat(length) })
    expect([of(8), of(128)]).toEqual([{}, {}])
    expect([Object.keys(of(7)), Object.keys(of(129))]).toEqual([['password'], ['password']])
  })
})

describe('checkSignIn', () => {
  it('wants a password, however short it is', () => {
    expect(checkSignIn({ ...GOOD, name: '', password: 'x' })).toEqual({})
    expect(Object.keys(checkSignIn({ ...GOOD, name: '', password: '' }))).toEqual(['password'])
  })
})

describe('isEmailAddress', () => {
  it.each(['a@b.example', ' mara@example.org '])('takes %j', (text) => expect(isEmailAddress(text)).toBe(true))
  it.each(['admin@localhost', 'a b@c.de', '@c.de', 'a@c.', 'a@b@c.de'])('refuses %j', (text) =>
    expect(isEmailAddress(text)).toBe(false)
  )
})
