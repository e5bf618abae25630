import { MINUTE_MS } from '../lib/durations.ts'
import type { Standing } from '../providers/trust-policy.ts'
import type { Ration } from '../requests/find-rations.ts'

/**
 * What whoever runs an agent should know, by how its provider stands; it offers something to others. That it may says not that it can:
 * how its image servers are, its agent says itself.
 */
const STANDING_NOTES: Record<Standing, string> = {
  pending:
    "This machine is waiting for an admin's approval to serve others: until then it is for your own requests alone.",
  closed: 'Only the machines of admins serve others here: this one is for your own requests alone.',
  blocked: 'An admin has stopped this machine from serving others: it is for your own requests alone.',
  limited: 'This machine is new: it is given few images of others until it has proven itself.',
  trusted: 'This machine is trusted now: it may serve others as much as you let it.'
}

/** What it is told when it comes to stand otherwise while it is connected. */
export const newsOfStanding = (before: Standing, now: Standing): string =>
  now === 'limited' && before === 'pending'
    ? `This machine was let in: others may use it from now on. ${STANDING_NOTES.limited}`
    : now === 'limited' && before === 'blocked'
      ? `This machine may serve others again. ${STANDING_NOTES.limited}`
      : STANDING_NOTES[now]

/** Undefined when there is nothing to say: it stands as most do. */
export const welcomeNote = (standing: Standing): string | undefined =>
  standing === 'trusted' ? undefined : STANDING_NOTES[standing]

/**
 * What it is told when others have had all that the club lets a new one make for them, and when there is more again (`until`, UTC
 * milliseconds as `now`; undefined when nobody knows yet).
 */
export function newsOfRation(
  { images }: Pick<Ration, 'images'>,
  { isSpent, until, now }: { isSpent: boolean; until: number | undefined; now: number }
): string {
  if (!isSpent)
    return 'Others may have images of this machine again, within what the club lets a new one make for them.'
  const had = `This machine is new: others have had ${images === 1 ? 'the one image' : `the ${images} images`} that the club lets it make for them within an hour.`
  // No two machines have the same clock, or the same zone.
  const minutes = until === undefined ? undefined : Math.max(1, Math.ceil((until - now) / MINUTE_MS))
  const more =
    minutes === undefined
      ? 'There are more an hour after what is being made.'
      : `There are more in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`
  return `${had} ${more} An admin can lift that.`
}
