import type { Standing } from '../providers/trust-policy.ts'

/** What whoever runs an agent should know, by how its provider stands; it offers something to others. */
const STANDING_NOTES: Record<Standing, string> = {
  pending: "This machine is waiting for an admin's approval: your own requests run here already.",
  closed: 'Only the machines of admins serve others here: your own requests run on this one.',
  blocked: 'An admin has stopped this machine from serving others: your own requests still run here.',
  limited: 'This machine is new: it is given few images of others until it has proven itself.',
  trusted: 'This machine is trusted now: it serves others as much as it can.'
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
