import { afterEach } from 'vitest'

/** Gives a function that replaces a method of an object until the test has ended; called once per file. */
export function wrapUntilTheEnd() {
  const restore: (() => void)[] = []
  afterEach(() => {
    for (const undo of restore.splice(0)) undo()
  })
  return <T extends object, K extends keyof T>(object: T, name: K, make: (original: T[K]) => T[K]): void => {
    const original = object[name]
    restore.push(() => void (object[name] = original))
    object[name] = make(original)
  }
}
