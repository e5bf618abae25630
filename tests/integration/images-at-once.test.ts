import { StatementSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import type { AttemptRow } from '../../src/requests/attempt-store.ts'
import { findRequest } from '../../src/requests/request-store.ts'
import { listTasks } from '../../src/requests/task-store.ts'
import { claimOne } from '../support/claim-one.ts'
import { type Connection, deliveredImage, type LeaseWorld, openLeaseWorld } from '../support/lease-world.ts'
import { noteStatementsUntilTheEnd } from '../support/note-statements.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

const noteStatements = noteStatementsUntilTheEnd()
const wrap = wrapUntilTheEnd()

let world: LeaseWorld
let agent: Connection
beforeEach(async () => {
  world = await openLeaseWorld({ gateways: 1 })
  agent = await world.connect(0, { name: 'one' })
})
afterEach(() => world.close())

const operations = () => world.gateways[0]!.requests
const db = () => world.gateways[0]!.database.db

/** An attempt that runs, of a request of one image. */
async function begin(): Promise<AttemptRow> {
  const [task] = await listTasks(db(), await world.submit(0, 1))
  const given = await claimOne(operations(), { task: task!, ...agent })
  return (await operations().findAttempt(given!.attemptId))!
}
const stateOf = async (attempt: AttemptRow) => (await findRequest(db(), attempt.request_id))!.state
const finish = (attempt: AttemptRow, assetId = newId('ast')) =>
  operations().finish(attempt, { ...deliveredImage(), assetId })

describe('images that arrive in one turn of the event loop', () => {
  it('are written in one transaction', async () => {
    const attempts = [await begin(), await begin(), await begin()]
    const statements = noteStatements()
    expect(await Promise.all(attempts.map((one) => finish(one)))).toEqual([true, true, true])
    expect(statements.filter((sql) => sql === 'commit')).toHaveLength(1)
    expect(await Promise.all(attempts.map(stateOf))).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })

  it('are each wanted or not', async () => {
    const attempts = [await begin(), await begin()]
    await operations().cancel(attempts[0]!.request_id)
    expect(await Promise.all(attempts.map((one) => finish(one)))).toEqual([false, true])
    expect(await Promise.all(attempts.map(stateOf))).toEqual(['canceled', 'succeeded'])
  })

  it('are there without the one that could not be written', async () => {
    const attempts = [await begin(), await begin(), await begin()]
    const [first, second, third] = attempts
    const taken = newId('ast')
    const ends = await Promise.allSettled([finish(first!, taken), finish(second!, taken), finish(third!)])
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await Promise.all(attempts.map(stateOf))).toEqual(['succeeded', 'running', 'succeeded'])
    expect(await finish(second!)).toBe(true)
  })

  it.each(['commit', 'insert into "assets"'])('are all as before when the disk is full at %s', async (what) => {
    const attempts = [await begin(), await begin()]
    let isFull = true
    wrap(StatementSync.prototype, 'run', (original) => {
      return function (this: StatementSync, ...values: never[]) {
        if (isFull && this.sourceSQL.startsWith(what)) {
          throw Object.assign(new Error('database or disk is full'), { errcode: 13 })
        }
        return original.apply(this, values as never)
      } as typeof original
    })
    const ends = await Promise.allSettled(attempts.map((one) => finish(one)))
    expect(ends.map((end) => end.status === 'rejected' && String(end.reason))).toEqual([
      expect.stringContaining('disk is full'),
      expect.stringContaining('disk is full')
    ])
    isFull = false
    expect(await Promise.all(attempts.map(stateOf))).toEqual(['running', 'running'])
    expect(await Promise.all(attempts.map((one) => finish(one)))).toEqual([true, true])
  })
})
