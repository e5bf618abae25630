/** How far everybody has been served, in what their images cost. Who is behind is next. */
export interface Turns {
  /** Where those stand who were not served lately: nobody saves up turns while they want nothing. */
  now: number
  /** By person, where they stand with what they were given. */
  until: ReadonlyMap<string, number>
}

export type OwnTurns = Turns & { until: Map<string, number> }

/** People who are remembered beyond their turn, before those who are not ahead of anybody are forgotten. */
const PEOPLE_KEPT = 1000

export const copyTurns = ({ now, until }: Turns): OwnTurns => ({ now, until: new Map(until) })

/** Where somebody stands whose image would begin now. */
export const standOf = ({ now, until }: Turns, userId: string): number => Math.max(now, until.get(userId) ?? 0)

/**
 * Charges somebody for an image that begins. Time goes on with whose turn it was; an image that went before others
 * (`isEarly`) does not make the others' turn pass.
 */
export function charge(
  turns: OwnTurns,
  { userId, cost, isEarly }: { userId: string; cost: number; isEarly: boolean }
): void {
  const start = standOf(turns, userId)
  turns.until.set(userId, start + cost)
  if (isEarly) return
  turns.now = Math.max(turns.now, start)
  if (turns.until.size <= PEOPLE_KEPT) return
  for (const [id, until] of turns.until) if (until <= turns.now) turns.until.delete(id)
}
