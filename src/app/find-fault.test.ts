import { expect, it } from 'vitest'
import type { Fault } from '../lib/fault.ts'
import { StoreUnavailable } from '../storage/object-store.ts'
import { createFindFault } from './find-fault.ts'

const findFault = createFindFault({
  findFault: (error) => (error instanceof Error && error.message === 'locked' ? 'database' : undefined)
})
const withCode = (code: string) => Object.assign(new Error(code), { code })
const wrapped = (error: unknown, times: number): unknown =>
  times === 0 ? error : wrapped(new Error('it could not be done', { cause: error }), times - 1)

it.each<[string, unknown, Fault | undefined]>([
  ...['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].map((code) => [code, withCode(code), 'storage'] as [string, unknown, Fault]),
  ['what the store says', new StoreUnavailable('no'), 'storage'],
  ['what the database says', new Error('locked'), 'database'],
  ['the cause of another', wrapped(withCode('ENOSPC'), 7), 'storage'],
  ['a cause too far away', wrapped(withCode('ENOSPC'), 8), undefined],
  ['a missing file', withCode('ENOENT'), undefined],
  ['a broken connection', withCode('ECONNRESET'), undefined],
  ['a mistake', new TypeError('x is not a function'), undefined],
  ['text', 'ENOSPC', undefined],
  ['nothing', undefined, undefined],
  ['null', null, undefined]
])('%s', (_what, error, fault) => {
  expect(findFault(error)).toBe(fault)
})

it('ends with causes in a circle', () => {
  const error = new Error('round and round')
  error.cause = error
  expect(findFault(error)).toBeUndefined()
})
