import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import { HOUR_MS } from '../lib/durations.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { countOwnAhead, MOST_OWN_COUNTED } from './count-going-before.ts'
import { queueOutlooks } from './queue-outlook.ts'
import { viewRequests } from './view-request.ts'

const NOW = 10 * HOUR_MS
const UNTIL = NOW + HOUR_MS - 999

let rows: RequestRows
beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['owner', 'ann', 'bob', 'cy']) await rows.addUser(id, { email_verified: 1 })
})
afterEach(() => rows.close())

async function connect(id: string, service: object, owner_id = 'owner') {
  await rows.addProvider(id, { owner_id, online_until: NOW + 1, trust: 'trusted' })
  await rows.addService(id, { provider_id: id, models: ['m'], ...service })
}

let made = 0
async function had(service_id: string, user_id: string) {
  const request_id = `done ${++made}`
  await rows.db
    .insertInto('usage_images')
    .values({
      ...{ asset_id: request_id, request_id, user_id, api_key_id: '', service_id, provider_id: service_id, model: 'm' },
      ...{ kind: 'generation', width: 32, height: 32, generating_ms: 1, created_at: NOW - 1000, first_of_request: 1 }
    })
    .execute()
}

/** Each asks for one, in this order. */
async function ask(...people: string[]): Promise<void> {
  for (const [turn, user_id] of people.entries()) {
    const id = `${turn} ${user_id}`
    await rows.addRequest(id, { user_id })
    await rows.addTask(id, { request_id: id, order_key: turn })
  }
}

/** Of each in its turn: its place, and until when it waits where nobody may begin it. */
async function outlooks(note: (sql: string) => void = () => {}) {
  const { offering, limits } = loadConfig({})
  const db = rows.db.withPlugin({
    transformQuery: ({ node }) => {
      note(node.kind)
      return node
    },
    transformResult: async ({ result }) => result
  })
  const database = { ...rows.database, db, clock: { now: () => NOW } }
  const ids = (await rows.db.selectFrom('tasks').select('id').where('state', '=', 'queued').execute()).map(
    ({ id }) => id
  )
  const views = await viewRequests({ database }, ids)
  const found = await queueOutlooks({ database, limits, providers: createProviderStore(database, offering) }, views)
  return ids
    .toSorted((a, b) => parseInt(a) - parseInt(b))
    .map((id) => [id.split(' ')[1], found.get(id)?.position, found.get(id)?.wait?.until])
}

it('images of one’s own that go before are counted to a bound, and not past what each may have', async () => {
  await ask(...Array.from({ length: MOST_OWN_COUNTED + 2 }, () => 'ann'))
  const tasks = await rows.db.selectFrom('tasks').selectAll().orderBy('order_key').execute()
  const before = async (share: number) => {
    const room = { shareOf: () => share, isEnough: () => true }
    const counts = await countOwnAhead(rows.db, { model: 'm', tasks, takers: new Map(), room })
    return [2, 3, MOST_OWN_COUNTED - 1, MOST_OWN_COUNTED].map((at) => counts.get(tasks[at]?.id ?? ''))
  }
  expect(await before(Infinity)).toEqual(Array(4).fill(undefined))
  expect(await before(3)).toEqual([2, 3, 3, 3])
  expect(await before(MOST_OWN_COUNTED)).toEqual([2, 3, MOST_OWN_COUNTED - 1, MOST_OWN_COUNTED])
  expect(await before(MOST_OWN_COUNTED + 1)).toEqual([2, 3, MOST_OWN_COUNTED - 1, Infinity])
})

describe('the place of an image in the queue', () => {
  it('of an owner has nobody before it where only their own machine may make it', async () => {
    await connect('a', { images_per_hour: 1 })
    await ask('ann', 'owner', 'bob', 'owner')
    const free = [
      ['ann', 1, undefined],
      ['owner', 1, undefined],
      ['bob', 3, undefined],
      ['owner', 2, undefined]
    ]
    expect(await outlooks()).toEqual(free)
    await had('a', 'ann')
    expect(await outlooks()).toEqual(free.map(([who, place]) => [who, place, who === 'owner' ? undefined : UNTIL]))
  })

  it('has no images before it of people who may have nothing now of what may make it', async () => {
    await connect('a', { images_per_user_hour: 1 })
    await ask('ann', 'bob', 'ann', 'cy')
    await had('a', 'ann')
    const held = [
      ['ann', 1, UNTIL],
      ['bob', 1, undefined],
      ['ann', 3, UNTIL],
      ['cy', 2, undefined]
    ]
    expect(await outlooks()).toEqual(held)
    // What only its owner may have is nobody else's way in.
    await connect('own', { images_per_hour: 1 }, 'cy')
    await had('own', 'bob')
    expect(await outlooks()).toEqual(held)
    // Ann may have one of the one, bob of the other, where neither is in the way of the other; cy may of both.
    await rows.db.updateTable('services').set({ images_per_hour: null, images_per_user_hour: 1 }).execute()
    expect((await outlooks()).map(([, place]) => place)).toEqual([1, 1, 2, 4])
  })

  it('has those before it that are held ready', async () => {
    await connect('a', { images_per_user_hour: 1 })
    await ask('ann', 'ann', 'bob')
    await had('a', 'ann')
    const attempt = { service_id: 'a', provider_id: 'a', state: 'standby' as const }
    await rows.addAttempt('held', { task_id: '0 ann', request_id: '0 ann', ...attempt })
    await rows.db.updateTable('tasks').set({ held: 1, current_attempt_id: 'held' }).where('id', '=', '0 ann').execute()
    expect((await outlooks()).at(-1)).toEqual(['bob', 2, undefined])
  })

  it('is asked for with as few questions for many as for few', async () => {
    await connect('a', { images_per_user_hour: 1 })
    await had('a', 'ann')
    const count = async () => {
      let asked = 0
      await outlooks(() => asked++)
      return asked
    }
    await ask('ann', 'bob', 'cy', 'bob')
    const few = await count()
    await rows.db.deleteFrom('tasks').execute()
    await rows.db.deleteFrom('requests').execute()
    await ask(...Array.from({ length: 120 }, (_, at) => ['ann', 'bob', 'cy'][at % 3]!))
    expect(await count()).toBeLessThanOrEqual(few)
  })
})
