import { inBackground } from './async.ts'

/**
 * Has what is given in one turn of the event loop done together, so many at most. `work` gives the outcome of each in its place;
 * when it rejects, all that it was given have failed.
 */
export function gather<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>,
  most: number
): (item: Item) => Promise<Result> {
  interface Given extends PromiseWithResolvers<Result> {
    item: Item
  }
  let waiting: Given[] = []

  const workOff = async (given: readonly Given[]): Promise<void> => {
    const outcomes = await work(given.map(({ item }) => item))
    for (const [index, { resolve, reject }] of given.entries()) {
      const outcome = outcomes[index]
      if (outcome?.status === 'fulfilled') resolve(outcome.value)
      else reject(outcome?.reason)
    }
  }
  const begin = () => {
    const all = waiting
    waiting = []
    for (let from = 0; from < all.length; from += most) {
      const given = all.slice(from, from + most)
      inBackground(workOff(given), (error) => given.forEach(({ reject }) => reject(error)))
    }
  }
  return (item) => {
    const given = { item, ...Promise.withResolvers<Result>() }
    if (waiting.push(given) === 1) setImmediate(begin)
    return given.promise
  }
}
