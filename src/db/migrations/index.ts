import type { Migration } from 'kysely/migration'
import * as spine from './001-spine.ts'
import * as jobs from './002-jobs.ts'
import * as limits from './003-limits.ts'

/** In the order they run. A migration that has been released is never edited: add the next one. */
export const MIGRATIONS: Record<string, Migration> = {
  '001-spine': spine,
  '002-jobs': jobs,
  '003-limits': limits
}
