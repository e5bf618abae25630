import type { Assets } from '../assets/assets.ts'
import type { Limits } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import type { Logger } from '../lib/logger.ts'
import type { Offers } from '../providers/offers.ts'
import type { ProviderStore } from '../providers/provider-store.ts'

/** What the operations on requests are made of. */
export interface RequestParts {
  database: Database
  offers: Offers
  assets: Pick<Assets, 'remove' | 'discard' | 'isStored'>
  providers: ProviderStore
  limits: Limits
  /** A random number, 0 … 1. */
  random: () => number
  logger: Logger
}
