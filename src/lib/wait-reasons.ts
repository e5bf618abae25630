/** Why an image waits that nobody may begin now, by `waiting.reason` of a job, as the dashboard and the command line say it. */
const REASONS = {
  // Admins read of others' requests, too: it says of nobody that it is theirs.
  capped: "The owner's limit per hour is reached",
  new_here: "The machine is new here, and the club's limit per hour for new ones is reached",
  retry: 'The last try failed',
  paused: 'The image server is busy',
  looking: 'The image server is being looked at',
  unusable: 'The image server cannot be used',
  missing: 'The image server does not have the model',
  drained: 'The owner has paused the machine',
  away: 'No machine for it is online',
  approval: "The machine waits for an admin's approval",
  not_served: 'The owner of the machine does not serve the account that asked'
}

/**
 * `capped`: the owners of what could make the image let others have no more of it for now, what is being made included. `new_here`:
 * being new they have made, or are making, what the club lets such machines make for others within an hour. `retry`: it failed on all of them, and is tried again. `paused`: its
 * image server asked for patience. `looking`: its machine has just connected, or has the model anew, and its agent has not told yet how it finds the image server. `unusable`: its image server cannot be reached, refuses its key or hangs. `missing`: its image server is
 * there and lacks the model. `drained`: its owner has taken it out of service. `away`: no machine that could is online. `approval`: it
 * may not serve others until an admin lets it. `not_served`: there are only machines whose owners do not serve who asked; nobody is
 * named.
 */
export type WaitReason = keyof typeof REASONS

export const WAIT_REASONS = Object.keys(REASONS) as WaitReason[]

export const isWaitReason = (reason: unknown): reason is WaitReason =>
  typeof reason === 'string' && Object.hasOwn(REASONS, reason)

/** What happens when the wait is over. */
const THEN: Partial<Record<WaitReason, string>> = {
  capped: 'goes on',
  new_here: 'goes on',
  retry: 'tried again',
  paused: 'asked again',
  looking: 'goes on',
  unusable: 'asked again',
  missing: 'asked again'
}

/** What lets so many be made within an hour: a rule at work, and no fault. */
export const LIMIT_REASONS = ['capped', 'new_here'] as const satisfies readonly WaitReason[]
export type LimitReason = (typeof LIMIT_REASONS)[number]

export const isLimitReason = (reason: unknown): reason is LimitReason => LIMIT_REASONS.some((limit) => limit === reason)

/** What may keep a machine from an image besides the reason that is told. */
export const ALSO_REASONS = [...LIMIT_REASONS, 'paused', 'unusable', 'missing'] as const satisfies readonly WaitReason[]
export type AlsoReason = (typeof ALSO_REASONS)[number]

export const isAlsoReason = (reason: unknown): reason is AlsoReason => ALSO_REASONS.some((also) => also === reason)

/** Behind a limit that is told: what else holds there. */
const ALSO: Record<AlsoReason, string> = {
  capped: "as is its owner's",
  new_here: "as is the club's for new machines",
  paused: 'and its image server is busy',
  unusable: 'and its image server cannot be used',
  missing: 'and its image server does not have the model'
}

/** Behind anything else. */
const ALSO_A_LIMIT: Record<LimitReason, string> = {
  capped: "and the owner's limit per hour is reached",
  new_here: "and the club's limit per hour for new machines is reached"
}

const LIMITS: ReadonlySet<WaitReason> = new Set<WaitReason>(LIMIT_REASONS)

/** What ends a wait of which nobody knows how long it is, where the reason does not say so. */
const ENDS: Partial<Record<WaitReason, string>> = {
  // Not by itself: a key that is refused, or a server that was stopped, needs its owner.
  unusable: 'goes on when it can be',
  missing: 'goes on when it has it'
}

/** The same where a limit is reached there, too. */
const ENDS_WITH_A_LIMIT = 'goes on when both are over'

/** Nearer than this no time of day is told, which has no seconds. */
const SOON_MS = 60_000

/** Of `capped`, where others get some still. */
const OWN_SHARE = "The owner's limit per hour for each person is reached"

/** A wait as it is told; times are UTC milliseconds. */
export interface ToldWait {
  reason: WaitReason
  /** Null: nobody knows. */
  until: number | null
  /** When it fails if nobody could begin it until then. */
  givesUpAt?: number
  isOwnShare?: true
  /** What keeps the same machine from it, too, and ends no later. */
  also?: AlsoReason
  /** So many images hold the last places of a limit while they are being made: if enough fail (one, unless the limit was lowered), the next goes on at once. */
  beingMade?: number
}

/** The reason alone. */
export const reasonWords = (reason: WaitReason): string => REASONS[reason]

/** The reason, until when and when it is given up, where that is known; `formatUntil` gets a time with the time it is now. */
export function waitText(
  { reason, until, givesUpAt, isOwnShare, also, beingMade }: ToldWait,
  now: number,
  formatUntil: (until: number, now: number) => string
): string {
  const then = THEN[reason]
  const limit = isOwnShare ? OWN_SHARE : REASONS[reason]
  const when = (at: number) => (at - now < SOON_MS ? 'in a moment' : `at ${formatUntil(at, now)}`)
  // Of those who wait for one limit the first goes on then; how many go before is not reckoned.
  const earliest = LIMITS.has(reason) ? ' at the earliest' : ''
  const known = until === null || then === undefined ? undefined : `${when(until)}${earliest}`
  const why = beingMade === undefined ? limit : `${limit} with ${lastOnes(beingMade)}`
  const ends = isLimitReason(also) && reason in ENDS ? ENDS_WITH_A_LIMIT : ENDS[reason]
  const next = beingMade === undefined ? (known ? `${then} ${known}` : ends) : openingWords(beingMade, known)
  const end = givesUpAt === undefined ? undefined : `given up ${when(givesUpAt)}${next === undefined ? '' : ' if not'}`
  return [why, also && alsoWords(reason, also), next, end].filter((part) => part !== undefined).join(', ')
}

const alsoWords = (reason: WaitReason, also: AlsoReason): string =>
  !LIMITS.has(reason) && isLimitReason(also) ? ALSO_A_LIMIT[also] : ALSO[also]

const lastOnes = (beingMade: number): string =>
  beingMade === 1 ? 'the image that is being made' : `the ${beingMade} images that are being made`

/** What makes room again, where that is an image that fails, or else time. */
function openingWords(beingMade: number, known: string | undefined): string {
  // Above a limit that was lowered meanwhile, one that fails makes no room yet.
  const [fails, first] = beingMade === 1 ? ['it fails', 'it'] : ['enough of them fail', 'the first of them']
  return `goes on when ${fails}, else ${known ?? `an hour after ${first}`}`
}

/** A limit of an hour, for whoever is refused by it. */
export interface ReachedLimit {
  /** `new_here` is the club's for new machines; any other, or none, is the owner's. */
  reason?: WaitReason
  isOwnShare?: true
  also?: AlsoReason
  beingMade?: number
  /** How many machines have the model for whoever is refused, and how many people own these; absent: nobody has counted. */
  of?: { machines: number; owners: number }
}

const ALSO_HOLDS: Record<AlsoReason, string> = {
  capped: "The owner's own limit is reached, too.",
  new_here: "The club's limit for new machines is reached, too.",
  paused: 'The image server is busy, too.',
  unusable: 'The image server cannot be used either.',
  missing: 'The image server does not have the model either.'
}

/** What else holds, in a sentence that is true for whoever reads it later; none where nothing does. */
export const alsoSentences = (also: AlsoReason | undefined): string[] => (also === undefined ? [] : [ALSO_HOLDS[also]])

/** What has been reached, in sentences that are true for whoever reads them later. */
export function reachedWords({ reason, isOwnShare, also, beingMade, of }: ReachedLimit): string {
  const isOne = of?.machines === 1
  const machines = isOne ? 'machine that has this model' : 'machines that have this model'
  const had = `so many images${reason === 'new_here' ? ' for others' : ''} within an hour, and these have been made${beingMade === undefined ? '' : ', or are being made'}.`
  const too = alsoSentences(also)
    .map((sentence) => ` ${sentence}`)
    .join('')
  if (reason === 'new_here')
    return `The ${machines} ${isOne ? 'is' : 'are'} new here: the club lets ${isOne ? 'it' : 'them'} make ${had} An admin can lift that.${too}`
  const lets = of?.owners === 1 ? `owner of the ${machines} lets` : `owners of the ${machines} let`
  return `The ${lets} ${isOwnShare ? 'each of the others' : 'others'} have ${had}${too}`
}
