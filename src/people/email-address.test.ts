import { describe, expect, it } from 'vitest'
import { AppError } from '../lib/errors.ts'
import { checkEmail, isEmailAddress } from './email-address.ts'

describe('an e-mail address', () => {
  it.each(['mara@example.org', "o'hara+club@mail.example.org", 'a_b-c.d@x1.co', `${'a'.repeat(242)}@example.org`])(
    'may be %s',
    (address) => {
      expect(isEmailAddress(address)).toBe(true)
      expect(checkEmail(` ${address.toUpperCase()}\n`)).toBe(address)
    }
  )

  it.each([
    '',
    'mara',
    '@example.org',
    'mara@',
    'admin@localhost',
    'mara@example.o',
    'mara@-example.org',
    '.mara@example.org',
    'ma..ra@example.org',
    'mara@example.org,',
    'ma ra@example.org',
    'mära@example.org',
    'mara@example.org\nx',
    `${'a'.repeat(243)}@example.org`
  ])('is not %j', (text) => {
    expect(isEmailAddress(text)).toBe(false)
    expect(() => checkEmail(text)).toThrow(AppError)
  })
})
