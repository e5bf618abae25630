import { createLocalBell } from '../db/bell.ts'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openRequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import { insertBlock } from '../providers/block-store.ts'
import { createOffers } from '../providers/offers.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { mayBegin } from '../requests/may-begin.ts'
import { servicesFor } from '../requests/services-for.ts'
import { listOpenings } from './open-lanes.ts'

const NOW = 1_800_000_000_000
const USERS = ['ann', 'bob', 'cat', 'dee'] as const
const ROUTINGS = ['any', 'prefer_own', 'only_own'] as const

const anyProvider = fc.record({
  owner: fc.constantFrom(...USERS),
  trust: fc.constantFrom('pending', 'limited', 'trusted', 'blocked'),
  access: fc.oneof(
    fc.constantFrom('members', 'private'),
    fc.uniqueArray(fc.constantFrom('Ann@example.org', 'bob@example.org', 'cat@example.org'))
  ),
  blocked: fc.uniqueArray(fc.constantFrom(...USERS), { maxLength: 2 })
})
const anyClub = fc.record({
  mode: fc.constantFrom('auto', 'approve', 'open', 'admins'),
  admins: fc.uniqueArray(fc.constantFrom(...USERS)),
  verified: fc.uniqueArray(fc.constantFrom(...USERS)),
  providers: fc.array(anyProvider, { minLength: 1, maxLength: 4 })
})

it('the queues, the candidates, the offers and the claim agree on who may use what', async () => {
  await fc.assert(
    fc.asyncProperty(anyClub, async ({ mode, admins, verified, providers }) => {
      const rows = await openRequestRows()
      try {
        const clock = { now: () => NOW }
        const offering = { ...loadConfig({}).offering, providers: mode }
        const store = createProviderStore({ db: rows.db, bell: createLocalBell(), clock }, offering)
        for (const id of USERS) {
          const role = admins.includes(id) ? 'admin' : 'member'
          await rows.addUser(id, { role, email_verified: Number(verified.includes(id)) })
          for (const routing of ROUTINGS) {
            await rows.addRequest(`${id} ${routing}`, { user_id: id })
            await rows.addTask(`${id} ${routing}`, { request_id: `${id} ${routing}`, routing })
          }
        }
        for (const [index, { owner, trust, access, blocked }] of providers.entries()) {
          const id = `p${index}`
          await rows.addProvider(id, { owner_id: owner, trust, online_until: NOW + 1 })
          await rows.addService(`s${index}`, { provider_id: id, access: JSON.stringify(access), models: ['m'] })
          for (const userId of blocked) {
            if (userId !== owner) await insertBlock(rows.db, { providerId: id, userId, now: NOW })
          }
        }
        const offers = await store.listOffers({ seenSince: NOW, model: 'm' })
        const tasks = await rows.db.selectFrom('tasks').selectAll().execute()
        const able = await servicesFor(rows.db, { tasks, offers })
        const connected = offers.map((offer) => ({
          ...offer,
          models: new Map([['m', offer.features]]),
          epoch: 1,
          free: 1,
          running: 0,
          assign: () => undefined
        }))
        const { lanes } = await listOpenings(
          { database: { ...rows.database, clock }, providers: store },
          { connected, models: ['m'] }
        )
        for (const offer of offers) {
          const { serviceId, providerId, ownerId } = offer
          // Each has one image waiting of each routing, so that each lane is one image.
          const runnable = lanes.filter(({ services }) => services.some((one) => one.serviceId === serviceId))
          const candidates = tasks.filter((task) => able.get(task.id)?.includes(serviceId))
          expect(runnable.map(({ id }) => id).sort()).toEqual(candidates.map(({ id }) => id).sort())
          // Routing is no matter of the claim: what is for the owner's machines alone is not handed to others.
          for (const task of tasks.filter(({ routing }) => routing === 'any')) {
            const claim = { task, serviceId, providerId, epoch: 1, ownerId, isCounted: false }
            const may = await mayBegin(rows.db as never, { ...claim, providers: store, now: NOW })
            expect(may).toBe(candidates.includes(task))
          }
        }
        for (const id of USERS) {
          const online = await createOffers({ store, clock, findCapped: async () => new Set() }).listOnline({
            userId: id,
            email: `${id}@example.org`,
            emailVerified: verified.includes(id),
            role: 'member',
            keyId: 'key',
            scopes: [],
            limits: { key: {}, user: {} },
            responseDefault: 'url'
          })
          expect(online.map(({ serviceId }) => serviceId).sort()).toEqual((able.get(`${id} any`) ?? []).toSorted())
        }
      } finally {
        await rows.close()
      }
    }),
    { numRuns: 25 }
  )
}, 60_000)
