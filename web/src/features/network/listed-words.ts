import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'

const isAddress = (listed: string): boolean => listed.includes('@')

/**
 * Of those whom a service serves some are listed by address: when such a one counts, and what helps where it does not, for those
 * who may not know who has which. It is the same whoever has one.
 */
export const listedNote = (listed: readonly string[]): string | null =>
  listed.some(isAddress)
    ? 'An address stands for whoever has it here, now or later. It counts once an admin invited or added them by it, or a sign-in provider said that it is theirs; not while they only typed it in, as whoever made the first account did. If somebody is turned away, choose people by name under “Change whom it serves”: they count at once.'
    : null

/**
 * Why one of them does not count yet, for admins; null where they do. Who has which address is told to admins alone (`members`):
 * nobody else learns here, address by address, who is a member.
 */
export function whyNotYet(
  listed: string,
  members: readonly Pick<PersonInfo, 'email' | 'isEmailVouched'>[]
): string | null {
  if (!isAddress(listed)) return null
  const holder = members.find(({ email }) => email.toLowerCase() === listed.toLowerCase())
  if (!holder) return 'does not count yet: nobody here has it'
  return holder.isEmailVouched ? null : 'does not count yet: whoever has it here typed it in, and nobody vouched for it'
}
