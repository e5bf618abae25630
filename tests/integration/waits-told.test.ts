import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readJob } from '../../src/cli/gateway-answers.ts'
import { loadConfig } from '../../src/config/config.ts'
import { presentSummary } from '../../src/http/dashboard/requests/present-request.ts'
import { presentListedJob } from '../../src/http/openai/present-job.ts'
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts'
import type { WaitReason } from '../../src/lib/wait-reasons.ts'
import { createOffers } from '../../src/providers/offers.ts'
import { createProviderStore } from '../../src/providers/provider-store.ts'
import { createFindCapped } from '../../src/requests/find-capped.ts'
import { findRests } from '../../src/request-views/find-takers.ts'
import { findWait } from '../../src/request-views/find-wait.ts'
import { listQueue } from '../../src/request-views/list-queue.ts'
import { queueOutlooks } from '../../src/request-views/queue-outlook.ts'
import { viewRequests } from '../../src/request-views/view-request.ts'
import type { Wait } from '../../src/request-views/wait-of-held.ts'
import { openRequestRows, type RequestRows } from '../support/request-rows.ts'

const NOW = 10 * HOUR_MS
const MINUTE_MS = 60_000
/** Longer than anything here that ends. */
const LATER = NOW + 3 * HOUR_MS

/** What image servers are left alone for, and until when. */
const PAUSES = {
  none: undefined,
  busy: { reason: 'busy', until: NOW + 8000, told: 'paused' },
  'busy for long': { reason: 'busy', until: NOW + 50 * MINUTE_MS, told: 'paused' },
  hung: { reason: 'hung', until: NOW + MINUTE_MS, told: 'unusable' },
  unusable: { reason: 'unreachable', until: 2 ** 52, told: 'unusable' },
  'without the model': { reason: 'model_missing', until: 2 ** 52, told: 'missing' }
} as const
type PauseName = keyof typeof PAUSES

/** Limits of an hour that are reached: how the machine is let, who had what there, and what is told. */
const LIMITS = {
  none: { service: {}, had: [], told: [] },
  'for all': { service: { images_per_hour: 1 }, had: [['other', 30]], told: ['capped'] },
  'own share': { service: { images_per_user_hour: 1 }, had: [['friend', 30]], told: ['capped'] },
  'of both': {
    service: { images_per_hour: 2, images_per_user_hour: 1 },
    had: [
      ['friend', 20],
      ['other', 40]
    ],
    told: ['capped']
  },
  'new here': {
    service: {},
    provider: { trust: 'limited' },
    had: [
      ['other', 30],
      ['friend', 40]
    ],
    told: ['new_here']
  },
  "new here, and the owner's": {
    service: { images_per_user_hour: 1 },
    provider: { trust: 'limited' },
    had: [
      ['other', 10],
      ['friend', 40]
    ],
    told: ['new_here', 'capped']
  }
} as const satisfies Record<
  string,
  { service: object; provider?: object; had: readonly (readonly [string, number])[]; told: readonly WaitReason[] }
>
type LimitName = keyof typeof LIMITS

/** Another machine that has the model. */
const SECONDS = {
  none: undefined,
  away: { provider: { online_until: NOW - DAY_MS } },
  private: { service: { access: '"private"' } },
  'at work': {},
  'paused for less': { pause: { reason: 'busy', until: NOW + 5000 } },
  'unusable, and it is tried soon': { pause: { reason: 'unreachable', until: NOW + 5000 } },
  'full for less': { service: { images_per_hour: 1 }, had: [['owner', 55]] }
} as const satisfies Record<
  string,
  | undefined
  | {
      provider?: object
      service?: object
      pause?: { reason: string; until: number }
      had?: readonly (readonly [string, number])[]
    }
>
type SecondName = keyof typeof SECONDS

let rows: RequestRows
let now = NOW
beforeEach(async () => {
  now = NOW
  rows = await openRequestRows()
  for (const id of ['owner', 'friend', 'other']) await rows.addUser(id, { email_verified: 1 })
})
afterEach(() => rows.close())

async function connect(
  id: string,
  {
    provider = {},
    service = {},
    had = [],
    pause
  }: {
    provider?: object
    service?: object
    had?: readonly (readonly [string, number])[]
    pause?: { reason: string; until: number } | undefined
  }
): Promise<void> {
  const owner_id = id === 'a' ? 'owner' : 'other'
  await rows.addProvider(id, { owner_id, online_until: NOW + DAY_MS, trust: 'trusted', ...provider })
  await rows.addService(id, { provider_id: id, models: ['m'], ...service })
  for (const [user_id, minutesAgo] of had) {
    const request_id = `${id} made for ${user_id}`
    await rows.db
      .insertInto('usage_images')
      .values({
        ...{ asset_id: request_id, request_id, user_id, api_key_id: '', service_id: id, provider_id: id, model: 'm' },
        ...{ kind: 'generation', width: 32, height: 32, generating_ms: 1, first_of_request: 1 },
        created_at: NOW - minutesAgo * MINUTE_MS
      })
      .execute()
  }
  if (!pause) return
  const { reason, until } = pause
  await rows.db
    .insertInto('service_pauses')
    .values({ service_id: id, model: '', reason, since: NOW - 1000, until, in_row: 1 })
    .execute()
}

async function clear(): Promise<void> {
  for (const table of ['attempts', 'tasks', 'requests', 'usage_images', 'service_pauses', 'service_models'] as const)
    await rows.db.deleteFrom(table).execute()
  for (const table of ['services', 'providers'] as const) await rows.db.deleteFrom(table).execute()
}

const partsAt = () => {
  const { limits, offering } = loadConfig({})
  const clock = { now: () => now }
  const database = { ...rows.database, clock, openedAt: 0 }
  const providers = createProviderStore(database, { ...offering, newProviderPerHour: 2 })
  return {
    database,
    providers,
    limits,
    offers: createOffers({ store: providers, clock, findCapped: createFindCapped(database, offering) })
  }
}

const lookAt = async (at: number) => {
  now = at
  const parts = partsAt()
  const [view] = await viewRequests(parts, ['wanted'])
  const outlook = (await queueOutlooks(parts, [view!])).get('wanted')!
  return { parts, view: view!, outlook }
}

/** What every place tells of the image of `wanted`, which are to agree; the wait, and what else is told. */
async function everywhere(userId: string) {
  const { parts, view, outlook } = await lookAt(NOW)
  const { wait } = outlook
  const listed = (await listQueue(parts, { userId, limit: 10 })).outlooks.get('wanted')
  expect(listed).toEqual(outlook)
  const { machines, of: _, ...asked } = (await findWait(parts, 'wanted')) ?? {}
  expect(asked).toEqual(wait ?? {})
  expect((machines ?? []).length > 0).toBe(['paused', 'unusable', 'missing'].includes(wait?.reason ?? ''))
  const ceil = (at: number) => Math.ceil(at / 1000) * 1000
  const told = wait && {
    ...wait,
    until: wait.until === undefined ? null : ceil(wait.until),
    ...(wait.givesUpAt !== undefined && { givesUpAt: ceil(wait.givesUpAt) })
  }
  const job = presentListedJob(view, { imageUrl: () => '', queue: outlook })
  expect(readJob(JSON.parse(JSON.stringify(job)))?.waiting).toEqual(told)
  expect(presentSummary(view, { owner: { id: userId, name: userId }, queue: outlook }).wait).toEqual(
    wait ? { ...wait, until: wait.until ?? null } : null
  )
  const principal = { userId, email: `${userId}@example.org`, emailVerified: true }
  const online = await parts.offers.listOnline(principal as Parameters<typeof parts.offers.listOnline>[0])
  return { outlook, rest: (await findRests(parts, { userId, offers: online })).get('m'), isOffered: online.length > 0 }
}

const mayBeginAt = async (at: number) => (await lookAt(at)).outlook.wait === undefined

/** Holds whatever keeps an image from its machines, where nothing else happens. */
async function expectTrue(wait: Wait, { isDoubtful }: { isDoubtful: boolean }): Promise<void> {
  if (wait.until === undefined) {
    expect(await mayBeginAt(LATER)).toBe(false)
    return
  }
  expect(await mayBeginAt(wait.until)).toBe(true)
  const { outlook } = await lookAt(wait.until - 1)
  // It is tried before where nobody knows whether that is of any use, and is told what is sure.
  if (isDoubtful && !outlook.wait) return
  expect(outlook.wait?.reason).toBe(wait.reason)
}

const cases = (['owner', 'friend'] as const).flatMap((asker) =>
  (Object.keys(SECONDS) as SecondName[]).map((second) => ({ asker, second }))
)

describe.each(cases)('what $asker is told where the other machine is: $second', ({ asker, second }) => {
  it.each(Object.keys(PAUSES) as PauseName[])('is true of an image server that is: %s', async (paused) => {
    for (const limit of Object.keys(LIMITS) as LimitName[]) {
      for (const isRetry of second === 'none' ? [false, true] : [false]) {
        await clear()
        await rows.addRequest('wanted', { user_id: asker })
        await rows.addTask('wanted', { request_id: 'wanted' })
        const pause = PAUSES[paused]
        await connect('a', { ...LIMITS[limit], pause })
        const other = SECONDS[second]
        if (other) await connect('b', other)
        if (second === 'at work') {
          await rows.addRequest('running', { user_id: 'other', state: 'running' })
          await rows.addTask('running', { request_id: 'running', state: 'running' })
          const attempt = { service_id: 'b', provider_id: 'b', state: 'running' as const }
          await rows.addAttempt('running', { task_id: 'running', request_id: 'running', ...attempt })
        }
        if (isRetry) {
          const attempt = { service_id: 'a', provider_id: 'a', state: 'failed' as const, reason: 'crashed' }
          await rows.addAttempt('failed', { task_id: 'wanted', request_id: 'wanted', ...attempt })
          const not_before = NOW + 40 * MINUTE_MS
          await rows.db.updateTable('tasks').set({ node_faults: 1, not_before }).where('id', '=', 'wanted').execute()
        }
        const what = JSON.stringify({ limit, isRetry })
        const { outlook, rest, isOffered } = await everywhere(asker)
        const { wait } = outlook
        const limits: readonly WaitReason[] = asker === 'owner' ? [] : LIMITS[limit].told
        const holding = [...limits, ...(pause ? [pause.told] : []), ...(isRetry ? ['retry'] : [])]
        const isOther = second !== 'none' && second !== 'away' && second !== 'private'
        expect([what, wait !== undefined]).toEqual([what, holding.length > 0 && second !== 'at work'])
        if (!wait) continue
        expect([what, outlook.etaSeconds, outlook.isOverdue]).toEqual([what, undefined, undefined])
        if (!isOther) {
          expect([what, holding]).toEqual([what, expect.arrayContaining([wait.reason])])
          if (wait.also) expect([what, holding]).toEqual([what, expect.arrayContaining([wait.also])])
          // Of two that hold one is told, and the other is not kept quiet.
          const others = holding.filter((one) => one !== 'retry' && one !== wait.reason)
          expect([what, wait.also !== undefined]).toEqual([what, others.length > 0])
        }
        await expectTrue(wait, {
          isDoubtful: isOther && (second === 'unusable, and it is tried soon' || paused === 'hung')
        })
        const { givesUpAt: _, ...told } = wait
        // A model that is only lacking is not offered at all.
        if (!isRetry && isOffered) expect([what, rest]).toEqual([what, told])
      }
    }
  })
})
