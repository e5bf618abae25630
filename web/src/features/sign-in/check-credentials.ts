import { checkPasswordLength } from '../../lib/password-length.ts'

export type Entry = Record<'name' | 'email' | 'password', string>
export type EntryErrors = Partial<Entry>

/** What is wrong with a new name, address and password, before they are sent. */
export function checkCredentials({ name, email, password }: Entry): EntryErrors {
  return {
    ...(name.trim() === '' && { name: 'Say how you want to be called.' }),
    ...checkAddress(email),
    ...checkLength(password)
  }
}

export function checkSignIn({ email, password }: Entry): EntryErrors {
  return { ...checkAddress(email), ...(password === '' && { password: 'Enter your password.' }) }
}

const checkLength = (password: string): EntryErrors => {
  const error = checkPasswordLength(password)
  return error === undefined ? {} : { password: error }
}

const checkAddress = (email: string): EntryErrors =>
  isEmailAddress(email) ? {} : { email: 'Enter an e-mail address such as mara@example.org.' }

/** Whether somebody could sign in with it; the first admin of an installation begins with one that is none. */
export const isEmailAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text.trim())
