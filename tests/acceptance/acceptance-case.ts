import type { Club } from './club.ts'

/** One promise of the API, checked over HTTP alone. */
export interface AcceptanceCase {
  name: string
  /** Where the promise is made: a file of docs/, an RFC, or what OpenAI's own API or its clients do. */
  rule: string
  /** The most images the case makes; 0 when it is not said. */
  images?: number
  /** Throws when the club breaks the promise, and `Unchecked` when it cannot be told. */
  run(club: Club): Promise<void>
}

/** Thrown by a case that this club, or the keys at hand, give no means to check; the message says what is missing. */
export class Unchecked extends Error {
  override readonly name = 'Unchecked'
}
