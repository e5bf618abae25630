import { createLocalBell } from '../db/bell.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import type { Feature } from '../images/image-request.ts'
import { AppError } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import { insertBlock } from './block-store.ts'
import { createOffers, type Offers } from './offers.ts'
import { pauseUntilLifted } from './pause-store.ts'
import { drainProvider, forgetProvider } from './provider-state-store.ts'
import { createProviderStore } from './provider-store.ts'

const NOW = 1_800_000_000_000

let rows: RequestRows
let offers: Offers
/** Services of which the caller has had enough. */
let capped: string[]
beforeEach(async () => {
  rows = await openRequestRows()
  const clock = { now: () => NOW }
  offers = createOffers({
    store: createProviderStore({ db: rows.db, bell: createLocalBell(), clock }, loadConfig({}).offering),
    clock,
    findCapped: async (asked) =>
      new Set(asked.map(({ serviceId }) => serviceId).filter((serviceId) => capped.includes(serviceId)))
  })
  capped = []
  for (const id of ['ann', 'bob', 'caller']) await rows.addUser(id)
})
afterEach(() => rows.close())

async function addRig(id: string, owner: string, { models = ['m'], online = true } = {}): Promise<void> {
  await rows.addProvider(id, { owner_id: owner, online_until: online ? NOW + 1 : NOW - 1 })
  await rows.addService(`svc_${id}`, { provider_id: id, models })
}

const caller: Principal = {
  userId: 'caller',
  email: 'caller@example.org',
  role: 'member',
  keyId: 'key',
  scopes: ['generate'],
  limits: { key: {}, user: {} },
  emailVerified: true,
  responseDefault: 'url'
}

const block = (providerId: string) => insertBlock(rows.db, { providerId, userId: 'caller', now: NOW })
const listed = async () => (await offers.listOnline(caller)).map(({ model, providerId }) => [model, providerId])

/** The message of the refusal; undefined: it is served. */
async function refusal(change: { model?: string; needs?: Feature[]; canWait?: boolean; principal?: Principal } = {}) {
  const wanted = {
    principal: caller,
    model: 'm',
    needs: ['generate' as const],
    routing: 'any' as const,
    canWait: false
  }
  try {
    await offers.requireOffer({ ...wanted, ...change })
    return undefined
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error).toMatchObject({ code: 'no_provider', status: 404, param: 'model' })
    return error.message
  }
}

const pause = (what: { serviceId: string; model?: string; reason: string }) =>
  rows.db.transaction().execute((trx) => pauseUntilLifted(trx, { ...what, now: NOW }))
const lack = (provider: string, model = 'm') => pause({ serviceId: `svc_${provider}`, model, reason: 'model_missing' })
const stop = (provider: string) => pause({ serviceId: `svc_${provider}`, reason: 'unreachable' })

describe('a drained provider', () => {
  it('offers nothing now, but work that can wait is taken for it', async () => {
    await addRig('rig', 'ann')
    await drainProvider(rows.db, 'rig', NOW)
    expect(await listed()).toEqual([])
    expect(await refusal()).toMatch(/^What serves 'm' is paused for now\./)
    expect(await refusal({ model: 'unknown' })).toContain("No online image provider serves 'unknown' for you.")
    expect(await refusal({ canWait: true })).toBeUndefined()
  })

  it('is told to its owner as theirs', async () => {
    await addRig('rig', 'caller')
    await drainProvider(rows.db, 'rig', NOW)
    expect(await refusal()).toMatch(/^Your machine 'rig' serves 'm', and is paused\. Resume it/)
  })

  it('leaves the others alone', async () => {
    await addRig('rig', 'ann')
    await addRig('other', 'ann')
    await drainProvider(rows.db, 'rig', NOW)
    expect(await listed()).toEqual([['m', 'other']])
    expect(await refusal()).toBeUndefined()
  })
})

describe('a model that nobody serves now', () => {
  it('was served lately by a machine that may serve the caller: that one is named', async () => {
    await addRig('rig', 'ann', { online: false })
    await addRig('hidden', 'bob', { online: false })
    await rows.db.updateTable('services').set({ access: '"private"' }).where('provider_id', '=', 'hidden').execute()
    const { name } = await rows.db
      .selectFrom('providers')
      .select('name')
      .where('id', '=', 'rig')
      .executeTakeFirstOrThrow()
    expect(await refusal()).toContain(`'${name}' has offered it lately: tell the owner`)
    expect(await refusal({ needs: ['edit'] })).not.toContain('lately')
  })

  it('is named right where it is misspelt, and only as far as the caller may use it', async () => {
    await addRig('rig', 'ann', { models: ['flux-dev', 'secret'] })
    expect(await refusal({ model: 'flux-dve' })).toMatch(
      /Did you mean 'flux-dev'\? Available: 'flux-dev', 'secret'\. GET \/v1\/models lists what you may use\.$/
    )
    const limited = { ...caller, limits: { key: { models: ['flux-dev', 'flux'] }, user: {} } }
    expect(await refusal({ model: 'flux', principal: limited })).not.toContain('secret')
  })
})

describe('what is offered in place of a model that nobody serves', () => {
  it.each([false, true])('is what can be made now; what waits is told apart: async %s', async (canWait) => {
    await addRig('rig', 'ann', { models: ['now', 'both'] })
    await addRig('off', 'bob', { models: ['later', 'both', 'unlisted'] })
    await stop('off')
    await addRig('bare', 'bob', { models: ['lacked', 'listed'] })
    await lack('bare', 'lacked')
    const limited = { ...caller, limits: { key: { models: ['x', 'now', 'both', 'later', 'lacked'] }, user: {} } }
    expect(await refusal({ model: 'x', canWait, principal: limited })).toBe(
      "No online image provider serves 'x' for you. Available: 'both', 'now'. Waiting for its image server: 'later'. GET /v1/models lists what you may use."
    )
  })

  it.each([false, true])(
    'is nothing while no image server can be used, and that is said: async %s',
    async (canWait) => {
      await addRig('off', 'ann', { models: ['demo'] })
      await stop('off')
      expect(await refusal({ model: 'unknown', canWait })).toBe(
        "No online image provider serves 'unknown' for you. Nothing can be made now: 'demo' waits for its image server."
      )
      await addRig('bare', 'bob', { models: ['m'] })
      await lack('bare', 'm')
      await block('bare')
      expect(await refusal()).toMatch(
        /(account|for you)\. Nothing can be made now: 'demo' waits for its image server\.$/
      )
    }
  )

  it('is not what the caller has had enough of within the hour, which is told apart where no other machine has it', async () => {
    await addRig('rig', 'ann', { models: ['had', 'both'] })
    await addRig('off', 'bob', { models: ['had', 'later'] })
    await stop('off')
    capped = ['svc_rig', 'svc_off']
    const nothing = "No online image provider serves 'x' for you. Nothing can be made now:"
    expect(await refusal({ model: 'x' })).toBe(
      `${nothing} 'later' waits for its image server; 'both', 'had' wait for the hourly limits of their machines.`
    )
    await addRig('free', 'bob', { models: ['both'] })
    expect(await refusal({ model: 'x' })).toContain(
      "Available: 'both'. Waiting for its image server: 'later'. Waiting for the hourly limits of its machines: 'had'."
    )
  })

  it('is what is busy, too: that passes by itself', async () => {
    await addRig('rig', 'ann', { models: ['demo'] })
    await pause({ serviceId: 'svc_rig', reason: 'busy' })
    expect(await refusal({ model: 'unknown' })).toContain("Available: 'demo'.")
  })
})

describe('a model that an image server lacks by its name', () => {
  it.each(['trusted', 'pending'] as const)('is told to the owner of the machine, which is %s', async (trust) => {
    await addRig('rig', 'caller')
    await rows.db.updateTable('providers').set({ trust }).execute()
    await lack('rig')
    expect(await refusal()).toMatch(
      /^No online image provider serves 'm' for you\. The image server of your 'rig' lacks the model by the name/
    )
    expect(await refusal()).not.toMatch(/lately|approval/)
    expect(await refusal({ canWait: true })).toBeUndefined()
  })

  it('is told to others, who are sent to the owner, and not to an admin, whose approval would not help', async () => {
    await addRig('rig', 'ann')
    await lack('rig')
    expect(await refusal()).toContain("The image server of 'rig' lacks it: tell the owner")
    expect(await refusal({ needs: ['edit'] })).not.toContain('lacks')
    await rows.db.updateTable('providers').set({ trust: 'pending' }).execute()
    expect(await refusal()).not.toMatch(/lately|lacks|ask one|let it in/)
    expect(await refusal()).toContain('mend that first. Then ask an admin')
  })
})

describe('a forgotten provider', () => {
  it('is not known any more', async () => {
    await addRig('rig', 'ann', { online: false })
    expect(await refusal({ canWait: true })).toBeUndefined()
    expect(await forgetProvider(rows.db, 'rig', NOW)).toBe(true)
    expect(await refusal({ canWait: true })).toContain('No online image provider')
  })
})

describe('somebody who is blocked', () => {
  it('is told that the owner does not serve them, and what others serve; nobody is named', async () => {
    await addRig('rig', 'ann', { models: ['m'] })
    await addRig('open', 'bob', { models: ['n'] })
    await block('rig')
    expect(await listed()).toEqual([['n', 'open']])
    for (const canWait of [false, true]) {
      expect(await refusal({ canWait })).toBe(
        "The owner of the provider that serves 'm' does not serve your account. Available: 'n'."
      )
    }
    expect(await refusal({ model: 'n' })).toBeUndefined()
  })

  it('by all who serve the model is told so, too', async () => {
    await addRig('rig', 'ann')
    await addRig('second', 'bob')
    await block('rig')
    expect(await refusal()).toBeUndefined()
    await block('second')
    expect(await refusal()).toBe("The owners of the providers that serve 'm' do not serve your account.")
  })

  it('is told nothing of the block where they could not have been served anyway', async () => {
    await addRig('rig', 'ann', { online: false })
    await block('rig')
    expect(await refusal()).toContain("No online image provider serves 'm' for you.")
    expect(await refusal({ canWait: true })).toContain('does not serve your account')
    expect(await refusal({ model: 'unknown', canWait: true })).toContain('No online image provider')
    await rows.addService('svc_private', { provider_id: 'rig', name: 'p', access: '"private"', models: ['secret'] })
    expect(await refusal({ model: 'secret', canWait: true })).toContain('No online image provider')
  })

  it('is told what the others lack, where the block is not all that is in the way', async () => {
    await addRig('rig', 'ann')
    await addRig('second', 'bob')
    await block('rig')
    expect(await refusal({ needs: ['edit'] })).toContain("serves 'm' with edit for you")
  })
})

describe('a machine that waits for approval', () => {
  beforeEach(async () => {
    await addRig('rig', 'ann')
    await rows.db.updateTable('providers').set({ trust: 'pending' }).execute()
  })

  it('is named to an admin, who could let it in; anybody else is told to ask one', async () => {
    const admin = { ...caller, role: 'admin' as const }
    expect(await refusal({ principal: admin })).toContain("'rig' serves it and waits for an admin's approval")
    expect(await refusal()).toContain('A machine that serves it waits for an admin')
    expect(await refusal()).not.toContain('rig')
  })

  it('and whose image server cannot be used is told with what comes first, unless another could be let in now', async () => {
    await stop('rig')
    const admin = { ...caller, role: 'admin' as const }
    for (const canWait of [false, true]) {
      expect(await refusal({ principal: admin, canWait })).toContain(
        "'rig' offers it, but it is away, or its image server cannot make it now: its owner has to mend that first. It waits for an admin's approval, too: let it in then, on the page Network of the dashboard."
      )
      expect(await refusal({ canWait })).toContain(
        'A machine that offers it is away, or its image server cannot make it now: its owner has to mend that first. Then ask an admin to approve it.'
      )
    }
    await addRig('other', 'bob')
    await rows.db.updateTable('providers').set({ trust: 'pending' }).execute()
    expect(await refusal({ principal: admin })).toContain("'other' serves it and waits for an admin's approval")
    expect(await refusal({ principal: admin })).not.toContain("'rig'")
  })

  it('and is away is told so to who would wait for it, and to nobody else', async () => {
    await rows.db
      .updateTable('providers')
      .set({ online_until: NOW - 1 })
      .execute()
    expect(await refusal({ canWait: true })).toContain('A machine that offers it is away')
    expect(await refusal()).not.toContain('approve')
  })

  it('is not told of where it could not serve them anyway, or is blocked', async () => {
    expect(await refusal({ needs: ['edit'] })).not.toContain('approval')
    await rows.db.updateTable('services').set({ access: '"private"' }).execute()
    expect(await refusal()).not.toContain('approval')
    await rows.db.updateTable('services').set({ access: '"members"' }).execute()
    await rows.db.updateTable('providers').set({ trust: 'blocked' }).execute()
    expect(await refusal()).not.toContain('approval')
  })
})
