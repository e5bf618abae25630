import type { Migration } from 'kysely/migration'
import * as spine from './001-spine.ts'

/** In the order they run. A migration that has been released is never edited: add the next one. */
export const MIGRATIONS: Record<string, Migration> = {
  '001-spine': spine
}
