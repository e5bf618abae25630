import { ApiError, messageOf } from '../../lib/fetch-json.ts'
import { formatDuration } from '../../lib/format.ts'

/** What went wrong when somebody signed in, joined or set a password. */
export function explainError(error: unknown): string {
  if (!(error instanceof ApiError)) return messageOf(error)
  if (error.status === 429 && error.retryAfter !== null) {
    return `Too many tries. Try again in ${formatDuration(error.retryAfter * 1000)}.`
  }
  if (error.code === 'INVALID_EMAIL_OR_PASSWORD' || error.code === 'INVALID_EMAIL') {
    return 'The e-mail address or the password is not right.'
  }
  return error.message
}

/** The code of a refusal because an admin has shut the account out. */
export const SHUT_OUT = 'account_disabled'

const NOT_COMPLETED = 'Signing in there was not completed. Try again.'
const NO_ADDRESS =
  'Your account there tells no verified e-mail address, which is needed here. Add one there, then try again.'
const NEEDS_INVITATION =
  'There is no account for you here yet. Ask an admin for an invitation link, open it, and sign in from there.'

/** What to tell of codes that come back as `?error=` from a sign-in at GitHub or an OpenID provider. */
const SENTENCES: Record<string, string> = {
  access_denied: 'You did not allow the sign-in there. Try again, or use your password.',
  state_mismatch: NOT_COMPLETED,
  state_not_found: NOT_COMPLETED,
  state_invalid: NOT_COMPLETED,
  invalid_code: NOT_COMPLETED,
  no_code: NOT_COMPLETED,
  please_restart_the_process: 'Signing in there took too long. Try again.',
  email_not_found: NO_ADDRESS,
  email_not_verified: NO_ADDRESS,
  unable_to_get_user_info: 'The sign-in provider did not say who you are. Try again later, or use your password.',
  provider_unavailable: 'The sign-in provider cannot be reached at the moment. Try again, or use your password.',
  oauth_provider_not_found: 'This way to sign in is not set up any more.',
  account_not_linked:
    'There is an account here with your e-mail address already, which is not connected to that sign-in. Use your password.',
  account_already_linked_to_different_user: 'That account is connected to somebody else here.',
  signup_disabled: NEEDS_INVITATION,
  invitation_required: NEEDS_INVITATION,
  invitation_invalid:
    'The invitation link has been used or has expired. If you have an account here, sign in; else ask the person who sent it for a new one.',
  invitation_other_email: 'The invitation is for another e-mail address than that of the account you signed in with.',
  [SHUT_OUT]: 'An admin has shut this account out. Nothing of it is deleted: ask an admin, who can let you in again.',
  conflict: 'There is an account with your e-mail address here already. Sign in with it instead.'
}

export const explainProviderError = (code: string): string =>
  Object.hasOwn(SENTENCES, code)
    ? (SENTENCES[code] ?? '')
    : 'Signing in there did not work. Try again, or use your password.'
