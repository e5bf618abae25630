import { ApiError, messageOf } from '../../lib/fetch-json.ts'
import { formatDuration } from '../../lib/format.ts'
import { checkPasswordLength } from '../../lib/password-length.ts'

export interface PasswordEntry {
  current: string
  next: string
}

export interface PasswordErrors {
  current?: string
  next?: string
}

/** What is wrong with the entries, before they are sent. */
export function checkNewPassword({ current, next }: PasswordEntry): PasswordErrors {
  const length = checkPasswordLength(next)
  return {
    ...(current === '' && { current: 'Enter the password you have now.' }),
    ...(length !== undefined ? { next: length } : next === current && { next: 'This is the one you have.' })
  }
}

/** What the server said of them, each where it belongs. */
export function passwordErrors(error: unknown): PasswordErrors {
  if (!(error instanceof ApiError)) return { next: messageOf(error) }
  if (error.code === 'INVALID_PASSWORD') return { current: 'This is not your password.' }
  if (error.status === 429 && error.retryAfter !== null) {
    return { current: `Too many tries. Try again in ${formatDuration(error.retryAfter * 1000)}.` }
  }
  return { next: error.message }
}
