import type { Random } from '../support/seeded-random.ts'

export interface TrialParts {
  seed: number
  /** The same choices for the same seed. */
  random: Random
  /** For which things go wrong; starting, settling and looking come on top. */
  seconds: number
}

export interface Verdict {
  /** What happened and what was looked at, in numbers. */
  audited: string
  /** A sentence each. */
  wrong: string[]
  /** It did not take place. */
  isSkipped?: boolean
}

/** One way in which machines, disks, networks or people fail, and what must be true afterwards. */
export interface Trial {
  name: string
  /** Its part of the time, as a number that those of the others stand beside. */
  weight: number
  /** It mounts a disk of its own, where the system lets it. */
  mounts?: boolean
  /** Throws `CannotRunHere`. */
  run(parts: TrialParts): Promise<Verdict>
}

export class CannotRunHere extends Error {}
