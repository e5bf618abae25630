import { expect, it } from 'vitest'
import type { ServiceWarmed } from '../protocol/service-warms.ts'
import { SessionOffers } from './session-offers.ts'
import { SessionWarms } from './session-warms.ts'

const wish = (id: string, model = 'm') => ({ serviceId: 's', model, wish: id })
const answer = (id: string, state: ServiceWarmed['state'], model = 'm'): ServiceWarmed => ({
  ...{ type: 'service.warmed', service: 'name', model, wish: id },
  ...{ state, text: state === 'refused' ? 'No.' : '' }
})
const services = [{ id: 's', declaration: { name: 'name' }, models: new Map([['m', []], ['n', []]]) }] // prettier-ignore
const told = (warms: SessionWarms, wishes: ReturnType<typeof wish>[], canBeAsked = true) =>
  warms.ask(wishes, { services, canBeAsked }).map(({ service, model, wish }) => `${wish} ${service} ${model}`)
const unsaved = (warms: SessionWarms) => [...warms.unsaved.values()].map(({ wish, state }) => `${wish} ${state}`)

it('tells each wish once, and again when it is wished anew', () => {
  const warms = new SessionWarms(new SessionOffers())
  expect(told(warms, [wish('a')])).toEqual(['a name m'])
  expect(told(warms, [wish('a'), wish('b', 'n')])).toEqual(['b name n'])
  expect(told(warms, [])).toEqual([])
  expect(told(warms, [wish('a')])).toEqual(['a name m'])
})

it('keeps a wish to itself until the model is offered', () => {
  const warms = new SessionWarms(new SessionOffers())
  expect(told(warms, [wish('a', 'other'), { ...wish('b'), serviceId: 'gone' }])).toEqual([])
  services[0]!.models.set('other', [])
  expect(told(warms, [wish('a', 'other')])).toEqual(['a name other'])
})

it('takes answers to what was asked alone, and none after the last', () => {
  const warms = new SessionWarms(new SessionOffers())
  told(warms, [wish('a')])
  expect(warms.hear('s', answer('b', 'warmed'))).toEqual([])
  expect(warms.hear('other', answer('a', 'warmed'))).toEqual([])
  expect(warms.hear('s', answer('a', 'warmed', 'other'))).toEqual([])
  expect(unsaved(warms)).toEqual([])
  expect(warms.hear('s', answer('a', 'waiting'))).toEqual([])
  expect(warms.hear('s', answer('a', 'warming'))).toEqual([])
  expect(unsaved(warms)).toEqual(['a warming'])
  warms.hear('s', answer('a', 'refused'))
  expect(warms.hear('s', answer('a', 'warmed'))).toEqual([])
  expect(warms.unsaved.get('a')).toMatchObject({ state: 'refused', text: 'No.' })
})

it('gives what has been loaded', () => {
  const warms = new SessionWarms(new SessionOffers())
  told(warms, [wish('a')])
  expect(warms.hear('s', answer('a', 'warmed'))).toMatchObject([wish('a')])
})

it('ends at once what an agent of an older version cannot be asked', () => {
  const warms = new SessionWarms(new SessionOffers())
  expect(told(warms, [wish('a')], false)).toEqual([])
  expect(unsaved(warms)).toEqual(['a unsupported'])
})
