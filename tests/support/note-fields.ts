import { Fields } from '../../src/http/openai/fields.ts'
import type { wrapUntilTheEnd } from './wrap-method.ts'

const READERS = ['text', 'spelling', 'value', 'choice', 'number', 'boolean'] as const

/** The names of the fields that are read of any call from now on, until the test has ended. */
export function noteFieldsRead(wrap: ReturnType<typeof wrapUntilTheEnd>): Set<string> {
  const read = new Set<string>()
  const prototype = Fields.prototype as unknown as Record<(typeof READERS)[number], (...args: unknown[]) => unknown>
  for (const reader of READERS) {
    wrap(
      prototype,
      reader,
      (original) =>
        function (this: Fields, ...args) {
          read.add(String(args[0]))
          return original.apply(this, args)
        }
    )
  }
  return read
}
