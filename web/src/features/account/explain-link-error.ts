const SENTENCES: Record<string, string> = {
  access_denied: 'You did not allow it there, so nothing was linked.',
  account_already_linked_to_different_user: 'That account is linked to somebody else here.',
  email_not_found: 'Your account there tells no e-mail address, which is needed here.',
  provider_unavailable: 'The sign-in provider cannot be reached at the moment. Try again later.'
}

/** What to tell of the code that comes back as `?error=` after leaving to link a sign-in. */
export const explainLinkError = (code: string): string =>
  (Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined) ?? 'Linking did not work. Try again.'
