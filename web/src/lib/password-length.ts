/** As the server wants passwords. */
export const MIN_PASSWORD = 8
const MAX_PASSWORD = 128

/** What is wrong with a new password's length. */
export function checkPasswordLength(password: string): string | undefined {
  if (password.length < MIN_PASSWORD) return `Use at least ${MIN_PASSWORD} characters.`
  return password.length > MAX_PASSWORD ? `Use at most ${MAX_PASSWORD} characters.` : undefined
}
