import { expect, it } from 'vitest'
import type { WaitReason } from '../../../../src/http/dashboard/contract/requests.ts'
import { provider, service, summary } from '../request-samples.ts'
import { offlineAdvice, pausedAdvice, waitAdvice } from './wait-advice.ts'

const ann = { id: 'usr_ann', name: 'Ann' }
const online = provider({ name: 'home-rig', owner: ann, services: [service({ models: ['demo'], canMake: false })] })
const asleep = { ...online, id: 'prv_2', name: 'attic', isOnline: false }
const paused = { ...online, id: 'prv_3', name: 'shed', drainedAt: 1 }
const works = { ...online, id: 'prv_4', name: 'cabin', services: [service({ models: ['demo'] })] }
const providers = [asleep, paused, works, online]

const adviseOf = (reason: WaitReason, id = 'usr_cy', role: 'member' | 'admin' = 'member', of = providers) =>
  waitAdvice(summary({ status: 'queued', wait: { reason, until: null } }), { reader: { id, role }, providers: of })
const advise = (...wait: Parameters<typeof adviseOf>) => adviseOf(...wait)?.text ?? null

it.each<[WaitReason, RegExp]>([
  ['unusable', /^If it stays so, tell Ann, whose machine home-rig has this model\.$/],
  ['missing', /^If it stays so, tell Ann, whose machine home-rig is to have this model\.$/],
  ['drained', /^If it stays so, tell Ann, whose machine shed has this model\.$/],
  ['away', /^If it stays so, tell Ann, whose machine attic has this model\.$/],
  ['approval', /^Ask an admin to let the machine in\.$/]
])('tells a friend who waits whom to tell, by name: %s', (reason, wanted) => {
  expect(advise(reason)).toMatch(wanted)
})

it.each<[WaitReason, RegExp]>([
  [
    'unusable',
    /^It is your machine home-rig: see that its image server runs and makes images, .*: after a change there restart the agent\.$/
  ],
  [
    'missing',
    /^It is your machine home-rig: see that its image server has the model, .*served_as\): after a change there restart the agent\.$/
  ],
  ['drained', /^It is your machine shed: resume it/],
  ['away', /^It is your machine attic: see that it is on, and start its agent\.$/]
])('tells the owner what to do there: %s', (reason, wanted) => {
  expect(advise(reason, ann.id)).toMatch(wanted)
})

it('leads the owner to their machine, and tells what its agent says of the image server', () => {
  const [refused] = [{ ...online.services[0]!, warning: { since: 1, text: 'The image server refused its API key.' } }]
  const rig = { ...online, id: 'prv_9', services: [refused] }
  expect(adviseOf('unusable', ann.id, 'member', [rig])).toEqual({
    text: expect.stringMatching(
      /^It is your machine home-rig: .* Its agent says: “The image server refused its API key\.”$/
    ),
    machine: { id: 'prv_9', name: 'home-rig' }
  })
  expect(adviseOf('away', ann.id)?.machine).toEqual({ id: 'prv_2', name: 'attic' })
  expect(adviseOf('unusable', 'usr_cy', 'admin', [rig])).toEqual({
    text: 'If it stays so, tell Ann, whose machine home-rig has this model.'
  })
})

it('tells an admin what only they can do, and of machines what a friend is told', () => {
  expect(advise('approval', 'usr_op', 'admin')).toBe('Let the machine in under Network.')
  expect(advise('away', 'usr_op', 'admin')).toBe(advise('away'))
})

it.each<WaitReason>(['capped', 'retry', 'paused'])('leaves those in peace who need only wait: %s', (reason) => {
  expect(advise(reason)).toBeNull()
  expect(advise(reason, ann.id)).toBeNull()
})

it('tells of a new machine that an admin can lift its limit, and the admin where', () => {
  const fresh = { ...works, trust: { ...works.trust, state: 'limited' as const, spent: { until: null } } }
  const of = [asleep, works, fresh]
  expect(adviseOf('new_here', 'usr_cy', 'member', of)).toEqual({
    text: 'An admin can lift the limit: ask one to trust Ann’s machine cabin.'
  })
  expect(adviseOf('new_here', ann.id, 'member', of)?.text).toMatch(/trust your machine cabin\.$/)
  expect(adviseOf('new_here', 'usr_op', 'admin', of)).toEqual({
    text: 'cabin is new here: “Trust now” on its page lifts the limit.',
    machine: { id: 'prv_4', name: 'cabin' }
  })
  expect(advise('new_here')).toBeNull()
})

it('says nothing where no machine is known for it, and of what does not wait', () => {
  const reader = { id: 'usr_cy', role: 'member' } as const
  const waiting = summary({ model: 'other', wait: { reason: 'away', until: null } })
  expect(waitAdvice(waiting, { reader, providers })).toBeNull()
  expect(waitAdvice(summary(), { reader, providers })).toBeNull()
})

it('tells of a paused machine before anything is asked, and of none that is away or works', () => {
  const reader = { id: ann.id, role: 'member' } as const
  const tell = (of: typeof providers) => pausedAdvice('demo', { reader, providers: of })
  expect(tell([asleep, paused])).toEqual({
    text: expect.stringMatching(/^It is your machine shed: resume it/),
    machine: { id: 'prv_3', name: 'shed' }
  })
  expect(tell([{ ...paused, isOnline: false }, asleep, works])).toBeNull()
})

it('tells before anything is asked whom to tell where nobody offers a model, of one that is on before one that is away', () => {
  const tell = (of: typeof providers, id = 'usr_cy') =>
    offlineAdvice('demo', { reader: { id, role: 'member' }, providers: of })
  expect(tell([asleep, online])).toEqual({ text: 'If it stays so, tell Ann, whose machine home-rig has this model.' })
  expect(tell([asleep])).toEqual({ text: 'If it stays so, tell Ann, whose machine attic has this model.' })
  expect(tell([asleep], ann.id)?.text).toMatch(/^It is your machine attic: see that it is on, and start its agent\.$/)
  expect(tell([])).toBeNull()
  expect(offlineAdvice('another', { reader: { id: ann.id, role: 'member' }, providers })).toBeNull()
})
