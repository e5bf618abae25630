/**
 * What `load` gave, for `forMs` from when it was there, to all who ask: it runs at most once at a time, and those who come
 * meanwhile wait for the same run. A failure is told to them and not remembered. `now` is in milliseconds and may jump.
 */
export function remember<T>(source: { load: () => Promise<T>; forMs: number; now: () => number }): () => Promise<T> {
  const { load, forMs, now } = source
  let known: { value: T; at: number } | undefined
  let loading: Promise<T> | undefined
  const run = async () => {
    try {
      const value = await load()
      known = { value, at: now() }
      return value
    } finally {
      loading = undefined
    }
  }
  return async () => {
    const age = known ? now() - known.at : -1
    if (known && age >= 0 && age < forMs) return known.value
    return (loading ??= run())
  }
}
