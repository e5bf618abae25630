import { errors } from '../lib/errors.ts'

/** As better-auth checks it at each sign-in: an address it refuses there must not get into an account here. */
const ADDRESS = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/
const MOST_CHARACTERS = 254

export const isEmailAddress = (text: string): boolean => text.length <= MOST_CHARACTERS && ADDRESS.test(text)

/** Addresses are compared in lower case, as people expect of them. */
export const normalEmail = (email: string): string => email.trim().toLowerCase()

/** The address in the form it is stored in. Throws `invalid_request`. */
export function checkEmail(text: string): string {
  const email = normalEmail(text)
  if (!isEmailAddress(email)) {
    throw errors.invalidRequest("'email' must be an e-mail address such as mara@example.org.", 'email')
  }
  return email
}
