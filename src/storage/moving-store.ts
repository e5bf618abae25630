import type { ObjectStore } from './object-store.ts'

/**
 * A store to which the objects of another are being moved, as `moveImages` does it: what is stored goes to the new one alone,
 * and what is not there yet is had from the old one. What is removed goes from the old one first, so that whoever has copied it
 * meanwhile finds it gone there, and takes the copy back. While one object is in both, lists name it twice.
 */
export function createMovingStore({ to, from }: { to: ObjectStore; from: ObjectStore }): ObjectStore {
  /** It may have been moved between the two looks. */
  const either = async <T>(look: (store: ObjectStore) => Promise<T | undefined>): Promise<T | undefined> =>
    (await look(to)) ?? (await look(from)) ?? look(to)

  return {
    ...to,
    open: (key, options) => either((store) => store.open(key, options)),
    stat: (key) => either((store) => store.stat(key)),
    link: async (key, options) => {
      const isOld = !(await to.stat(key)) && (await from.stat(key)) !== undefined
      return isOld ? from.link(key, options) : to.link(key, options)
    },
    move: async (key, other) => {
      if (!(await to.move(key, other))) return (await from.move(key, other)) || to.move(key, other)
      await from.remove([key])
      return true
    },
    remove: async (keys) => {
      await from.remove(keys)
      await to.remove(keys)
    },
    dropEmptyFolders: async (prefix) => {
      await from.dropEmptyFolders(prefix)
      await to.dropEmptyFolders(prefix)
    },
    list: async function* (prefix) {
      // What is moved meanwhile is met once at least.
      yield* from.list(prefix)
      yield* to.list(prefix)
    },
    dropUnfinished: async (before) => {
      await from.dropUnfinished(before)
      await to.dropUnfinished(before)
    },
    askedAtMost: {
      probeMs: to.askedAtMost.probeMs,
      walkMs: Math.max(to.askedAtMost.walkMs, from.askedAtMost.walkMs)
    }
  }
}
