import { LOCK_ORDER, observeLocks, type TakenLock } from '../../src/db/locks.ts'

/** What each transaction holds; it goes with the transaction. */
const held = new WeakMap<TakenLock['trx'], TakenLock[]>()

/** Throws in the transaction that takes a lock before one that it has already: two such may wait for each other for ever. */
export function checkLockOrder(lock: TakenLock): void {
  const before = held.get(lock.trx) ?? []
  if (before.some(({ kind, id }) => kind === lock.kind && id === lock.id)) return
  const later = before.find((one) => compare(one, lock) > 0)
  if (later)
    throw new Error(`The lock '${nameOf(lock)}' is taken after '${nameOf(later)}': see LOCK_ORDER of db/locks.ts.`)
  held.set(lock.trx, [...before, lock])
}

const compare = (a: TakenLock, b: TakenLock): number =>
  LOCK_ORDER.indexOf(a.kind) - LOCK_ORDER.indexOf(b.kind) || (a.id < b.id ? -1 : 1)

const nameOf = ({ kind, id }: TakenLock): string => `${kind} ${id}`.trim()

/** Has `listener` hear of locks, too, until the returned function is called. */
export function alsoHearLocks(listener: (lock: TakenLock) => void): () => void {
  const before = observeLocks((lock) => {
    checkLockOrder(lock)
    listener(lock)
  })
  return () => void observeLocks(before)
}
