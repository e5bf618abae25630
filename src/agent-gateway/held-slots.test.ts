import { describe, expect, it } from 'vitest'
import { type HeldSlot, HeldSlots } from './held-slots.ts'

const SERVICE = { id: 'gpu', declaration: { concurrency: 2, prefetch: 2 } }
const READY = { standby: { class: 0, isShare: false } }

/** What a service with two places, that holds two ready, has been given. */
function arrange(slots: Record<string, Partial<HeldSlot>>): HeldSlots {
  const held = new HeldSlots()
  const common = { requestId: 'req', userId: 'ann', position: 0, model: 'm', stopping: false, forget: () => undefined }
  for (const [id, slot] of Object.entries(slots)) held.set(id, { ...common, serviceId: 'gpu', ...slot })
  return held
}

describe('what a service may begin of what it holds ready', () => {
  it.each<[string, Record<string, Partial<HeldSlot>>, string[]]>([
    ['nothing while its places are taken', { a: {}, b: {}, c: READY }, []],
    ['nothing while what is to stop has not', { a: {}, b: { stopping: true }, c: READY }, []],
    ['what came first, as often as there is a place', { a: {}, b: READY, c: READY }, ['b']],
    [
      'all of it when it is idle, but what is to stop',
      { a: READY, b: { ...READY, stopping: true }, c: READY },
      ['a', 'c']
    ],
    ['nothing of another service', { a: { ...READY, serviceId: 'other' } }, []]
  ])('is %s', (_what, slots, startable) => {
    expect(arrange(slots).startable(SERVICE)).toEqual(startable)
  })
})

it('a service is given as many as it makes and holds ready in all, also while what it has made is on its way', () => {
  const places = (slots: Record<string, Partial<HeldSlot>>) => {
    const { free, running, standby, isOpen } = arrange(slots).placesOf(SERVICE, 'owner')
    return { free, running, standby, isOpen }
  }
  expect(places({})).toEqual({ free: 2, running: 0, standby: 2, isOpen: true })
  expect(places({ a: {}, b: {} })).toEqual({ free: 0, running: 2, standby: 2, isOpen: true })
  expect(places({ a: {}, b: {}, c: {}, d: READY })).toMatchObject({ free: 0, running: 3, standby: 0 })
  expect(places({ a: {}, b: {}, c: {}, d: {} })).toEqual({ free: 0, running: 4, standby: 0, isOpen: false })
})

it('of what is held ready, and of what is to stop, no step is awaited', () => {
  const held = arrange({ a: {}, b: READY, c: { stopping: true }, d: { firstStepAt: 1 } })
  expect(held.silent()).toEqual(['a'])
})

it('what its agent lets go of unasked is not given to it again at once; what it was to stop is', () => {
  const held = arrange({ a: {}, b: {}, c: READY, d: { ...READY, stopping: true } })
  expect([held.noteRefused('a'), held.noteRefused('d'), held.noteRefused('nobody')]).toEqual([false, false, false])
  held.delete('d')
  expect(held.placesOf(SERVICE, 'owner').standby).toBe(1)
  expect(held.noteRefused('c')).toBe(true)
  expect(held.placesOf(SERVICE, 'owner').standby).toBe(0)
})
