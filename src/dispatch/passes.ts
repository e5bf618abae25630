/** What a pass is about: an image and whose it is. */
interface Turn {
  id: string
  userId: string
}

/**
 * How often it was somebody's turn, and another went first because its model was loaded. Images that may be passed over
 * `most` times at most, each of them; nor is a person's account ever above that, to which each such time adds one and from which
 * each image of theirs that goes before others takes one: so nobody has more than so many turns less than their share.
 */
export interface Passes {
  most: number
  /** By image. */
  images: ReadonlyMap<string, number>
  /** By person. */
  people: ReadonlyMap<string, number>
}

/** Images that are remembered; of more, those that were passed over longest ago begin anew. */
const IMAGES_KEPT = 10_000

/** An account of one's own to note passes in. */
export type OwnPasses = Passes & { images: Map<string, number>; people: Map<string, number> }

export const copyPasses = ({ most, images, people }: Passes): OwnPasses => ({
  most,
  images: new Map(images),
  people: new Map(people)
})

/** Whether all of these may be passed over once more. `over` has one image of each person at most. */
export const mayPass = ({ most, images, people }: Passes, { by, over }: { by: Turn; over: readonly Turn[] }): boolean =>
  over.length <= most &&
  over.every(
    ({ id, userId }) => (images.get(id) ?? 0) < most && (userId === by.userId || (people.get(userId) ?? 0) < most)
  )

/** Notes that an image went before others, if before any: its own count is over. */
export function notePass({ images, people }: OwnPasses, { by, over }: { by: Turn; over: readonly Turn[] }): void {
  images.delete(by.id)
  const others = over.filter(({ userId }) => userId !== by.userId)
  if (others.length > 0) people.set(by.userId, Math.max(0, (people.get(by.userId) ?? 0) - 1))
  for (const { userId } of others) people.set(userId, (people.get(userId) ?? 0) + 1)
  for (const { id } of over) {
    const times = (images.get(id) ?? 0) + 1
    images.delete(id)
    images.set(id, times)
  }
  for (const id of images.keys()) {
    if (images.size <= IMAGES_KEPT) break
    images.delete(id)
  }
}
