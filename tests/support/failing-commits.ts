import { StatementSync } from 'node:sqlite'
import { wrapUntilTheEnd } from './wrap-method.ts'

/** SQLITE_FULL, as Node's SQLite throws it. */
export const databaseFull = (errcode = 13): Error =>
  Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode })

/** Called once per file; gives what makes so many of the next commits of this process fail, before or after they count. */
export function failingCommits(): (failure: { times: number; afterwards?: boolean; error?: Error }) => void {
  const wrap = wrapUntilTheEnd()
  return ({ times, afterwards = false, error = databaseFull() }) => {
    let left = times
    wrap(StatementSync.prototype, 'run', (original) => {
      return function (this: StatementSync, ...values: never[]) {
        if (this.sourceSQL !== 'commit' || left === 0) return original.apply(this, values as never)
        left -= 1
        if (afterwards) original.apply(this, values as never)
        throw error
      } as typeof original
    })
  }
}
