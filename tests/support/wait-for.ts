import { sleep } from '../../src/lib/async.ts'

const LOOK_EVERY_MS = 10

/**
 * What `condition` gives as soon as that is neither undefined, null nor false; looks every 10 ms unless
 * `everyMs` says otherwise. Fails after `withinMs`, and at once when the condition throws. It gives no number, for whether 0
 * is waited for nobody could tell.
 */
export async function waitFor<T extends object | string | boolean>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  withinMs = 10_000,
  everyMs = LOOK_EVERY_MS
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== null && value !== false) return value
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${String(condition)}`)
    await sleep(everyMs)
  }
}
