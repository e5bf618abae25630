import type { Trx } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import type { RequestParts } from './request-parts.ts'
import { isReferredTo, listByContent } from './request-store.ts'
import type { RequestInput } from './submission.ts'

/** Where the inputs of a call will have their bytes. */
export interface SharedInputs {
  /**
   * To be asked in the transaction that writes the input's row. A deletion that comes first has taken the bytes with their
   * last row, one that comes later finds this row. Throws `not_found` when an image named by the caller has been deleted.
   */
  storageKeyOf(trx: Trx, input: RequestInput): Promise<string>
  /** To be called once that transaction is through: takes back what was uploaded though it is here already. */
  discardSpare(): Promise<void>
}

/** Lets each input have the bytes of an image of the same content that its owner has here already, or sends along twice. */
export async function shareInputs(
  { database, assets }: Pick<RequestParts, 'database' | 'assets'>,
  { ownerId, inputs }: { ownerId: string; inputs: readonly RequestInput[] }
): Promise<SharedInputs> {
  const uploads = inputs.filter((input) => !input.isShared)
  const keys = new Map<string, string>()
  const hashes = [...new Set(uploads.map(({ sha256 }) => sha256))]
  const known = hashes.length === 0 ? [] : await listByContent(database.db, { ownerId, hashes })
  for (const asset of known) {
    // An image that has lost its bytes is healed by sending them again.
    if (!keys.has(asset.sha256) && (await assets.isStored(asset))) keys.set(asset.sha256, asset.storage_key)
  }
  const spare: RequestInput[] = []
  const referredTo = new Set<string>()
  const isThere = async (trx: Trx, key: string): Promise<boolean> => {
    if (!referredTo.has(key) && (await isReferredTo(trx, key))) referredTo.add(key)
    return referredTo.has(key)
  }
  return {
    storageKeyOf: async (trx, input) => {
      if (input.isShared) {
        if (await isThere(trx, input.storageKey)) return input.storageKey
        throw errors.notFound('The image')
      }
      const key = keys.get(input.sha256)
      if (key !== undefined && (await isThere(trx, key))) {
        spare.push(input)
        return key
      }
      keys.set(input.sha256, input.storageKey)
      return input.storageKey
    },
    discardSpare: async () => {
      for (const input of spare) await assets.discard(input)
    }
  }
}
