import type { PersonRow } from '../../../people/people-list-store.ts'
import { dayOf, monthOf } from '../../../usage/reserve-images.ts'
import type { HttpContext } from '../../http-context.ts'
import type { PersonInfo } from '../contract/admin.ts'
import type { Role } from '../contract/session.ts'
import { presentLimits } from '../present-limits.ts'

/**
 * People with the images made for them today and this month; it takes as many questions for five hundred people as for
 * one.
 */
export async function presentPeople(
  { usage, now }: Pick<HttpContext, 'usage' | 'now'>,
  people: readonly PersonRow[]
): Promise<PersonInfo[]> {
  const [day, month] = [dayOf(now()), monthOf(now())]
  const userIds = people.length === 1 ? people.map(({ id }) => id) : undefined
  const since = (start: number) => usage.sumByUser({ start, end: day.end, ...(userIds && { userIds }) })
  const [today, thisMonth] = [await since(day.start), await since(month.start)]
  return people.map((person) => ({
    id: person.id,
    name: person.name,
    email: person.email,
    isEmailVouched: person.email_verified === 1,
    role: person.role as Role,
    createdAt: person.created_at,
    disabledAt: person.disabled_at,
    canSignIn: person.can_sign_in,
    lastSeenAt: person.seen_at,
    limits: presentLimits(person),
    imagesToday: today.get(person.id) ?? 0,
    imagesThisMonth: thisMonth.get(person.id) ?? 0,
    keys: person.keys
  }))
}
