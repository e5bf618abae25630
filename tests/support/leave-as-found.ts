import { afterAll, expect } from 'vitest'
import { observeLocks } from '../../src/db/locks.ts'
import { checkLockOrder } from './lock-order.ts'

observeLocks(checkLockOrder)

/** Set by libraries when they are loaded, for good. */
const SET_ON_IMPORT = ['VIPSHOME']

/** What a test file may have replaced, and the next one in the same process would find. */
const found = () => ({
  env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !SET_ON_IMPORT.includes(name))),
  cwd: process.cwd(),
  exitCode: process.exitCode,
  umask: process.umask(),
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  now: Date.now,
  Date: globalThis.Date,
  fetch: globalThis.fetch,
  stdout: process.stdout.write,
  stderr: process.stderr.write,
  signals: ['SIGTERM', 'SIGINT', 'SIGHUP'].map((name) => process.listenerCount(name))
})

const before = found()

/** Test files share a process, so each has to leave it as it was. */
afterAll(() => expect(found()).toEqual(before))
