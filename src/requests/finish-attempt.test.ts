import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import { observeLocks } from '../db/locks.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { type AttemptRow, findAttempt } from './attempt-store.ts'
import { createFinishAttempt, type DeliveredImage } from './finish-attempt.ts'

/** As many as share a transaction, and one more. */
const MANY = 17

let rows: RequestRows
let finish: (attempt: AttemptRow, image: DeliveredImage) => Promise<boolean>
let transactions: Set<unknown>
let restore: ReturnType<typeof observeLocks>

beforeEach(async () => {
  rows = await openRequestRows()
  const { database } = rows
  finish = createFinishAttempt({ database, providers: createProviderStore(database, loadConfig({}).offering) })
  await rows.addUser('ann')
  await rows.addProvider('prv', { owner_id: 'ann' })
  await rows.addService('svc', { provider_id: 'prv', models: ['m'], concurrency: MANY })
  transactions = new Set()
  restore = observeLocks(({ trx }) => transactions.add(trx))
})

afterEach(async () => {
  observeLocks(restore)
  await rows.close()
})

/** An attempt that is making the one image of a request. */
async function begin(id: string): Promise<AttemptRow> {
  await rows.addRequest(id, { user_id: 'ann', state: 'running' })
  await rows.addTask(id, { request_id: id, state: 'running', current_attempt_id: id })
  await rows.addAttempt(id, { task_id: id, request_id: id, state: 'running' })
  return (await findAttempt(rows.db, id)) as AttemptRow
}

const image = (assetId: string): DeliveredImage => ({
  assetId,
  storageKey: assetId,
  seed: 1,
  warnings: [],
  generatingMs: 1000,
  mediaType: 'image/png',
  bytes: 100,
  sha256: '',
  width: 64,
  height: 48,
  hasAlpha: false
})

const statesOf = async () => {
  const found = await rows.db.selectFrom('requests').select(['id', 'state']).orderBy('id').execute()
  return found.map(({ id, state }) => `${id} ${state}`)
}

it('ends those that end in one turn of the event loop together, so many at most', async () => {
  const attempts: AttemptRow[] = []
  for (let at = 0; at < MANY; at++) attempts.push(await begin(`r${at}`))
  const ended = await Promise.all(attempts.map((attempt) => finish(attempt, image(`of ${attempt.id}`))))
  expect(ended).toEqual(Array(MANY).fill(true))
  expect((await statesOf()).filter((one) => one.endsWith('succeeded'))).toHaveLength(MANY)
  expect(transactions.size).toBe(2)
})

it('asks the disk for it before anybody hears of it, who then waits the less', async () => {
  const { database } = rows
  const steps: string[] = []
  const durable = async () => void steps.push('asked')
  const forget = database.bell.on('request:one', () => steps.push('rung'))
  const providers = createProviderStore(database, loadConfig({}).offering)
  const end = createFinishAttempt({ database: { ...database, durable }, providers })
  expect(await end(await begin('one'), image('of one'))).toBe(true)
  forget()
  expect(steps).toEqual(['asked', 'rung'])
})

it('ends the others where one fails, and writes nothing of what came twice', async () => {
  const [one, two, three] = [await begin('one'), await begin('two'), await begin('three')]
  await rows.addAsset('taken', { request_id: 'three' })
  const ends = await Promise.allSettled([
    finish(one, image('of one')),
    finish(one, image('of one again')),
    finish(two, image('taken')),
    finish(three, image('of three'))
  ])
  expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : 'failed'))).toEqual([true, false, 'failed', true])
  expect(await statesOf()).toEqual(['one succeeded', 'three succeeded', 'two running'])
  const assets = await rows.db.selectFrom('assets').select('id').orderBy('id').execute()
  expect(assets.map(({ id }) => id)).toEqual(['of one', 'of three', 'taken'])
})
