import { createQueue } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'

export const MIN_PASSWORD_CHARACTERS = 8
export const MAX_PASSWORD_CHARACTERS = 128

/**
 * scrypt as better-auth has it (N 16384, r 16, p 1: 32 MiB each), a few at a time: they run on the threads that sync the
 * database, too, and a flood of sign-ins must not hold up every answer of the gateway.
 */
const HASHES_AT_ONCE = 2

export interface Passwords {
  hash(password: string): Promise<string>
  verify(parts: { hash: string; password: string }): Promise<boolean>
}

export function createPasswords(): Passwords {
  const queue = createQueue(HASHES_AT_ONCE)
  return {
    hash: (password) => queue(async () => (await import('better-auth/crypto')).hashPassword(password)),
    verify: (parts) => queue(async () => (await import('better-auth/crypto')).verifyPassword(parts))
  }
}

/** Throws `invalid_request` for a password that is too short or too long. */
export function checkPassword(password: string): void {
  if (password.length < MIN_PASSWORD_CHARACTERS || password.length > MAX_PASSWORD_CHARACTERS) {
    throw errors.invalidRequest(
      `A password must have ${MIN_PASSWORD_CHARACTERS} to ${MAX_PASSWORD_CHARACTERS} characters.`,
      'password'
    )
  }
}
