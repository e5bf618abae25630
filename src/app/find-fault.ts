import type { Database } from '../db/database.ts'
import { type Fault, findInCauses, isDiskFault } from '../lib/fault.ts'
import { StoreUnavailable } from '../storage/object-store.ts'

/** The one place that says which errors are a disk's or the database's, whoever threw them and whatever they are wrapped in. */
export const createFindFault =
  ({ findFault }: Pick<Database, 'findFault'>) =>
  (error: unknown): Fault | undefined =>
    findInCauses(error, (one) => (one instanceof StoreUnavailable || isDiskFault(one) ? 'storage' : findFault(one)))
