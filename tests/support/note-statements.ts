import { StatementSync } from 'node:sqlite'
import { wrapUntilTheEnd } from './wrap-method.ts'

/** Gives a function that begins to note the SQL of everything this process asks of a database, until the test has ended. */
export function noteStatementsUntilTheEnd(): () => string[] {
  const wrap = wrapUntilTheEnd()
  const methods = StatementSync.prototype as unknown as Record<string, (this: StatementSync, ...v: never[]) => unknown>
  return () => {
    const statements: string[] = []
    for (const name of ['all', 'run']) {
      wrap(
        methods,
        name,
        (original) =>
          function (...values) {
            statements.push(this.sourceSQL.replace(/\s+/g, ' ').trim())
            return original.apply(this, values)
          }
      )
    }
    return statements
  }
}
