import { expect, it } from 'vitest'
import { SessionOffers } from './session-offers.ts'

const wish = { serviceId: 'svc', revision: 1, wanted: ['spare'] }
const answer = { type: 'service.offered' as const, service: 's', revision: 1, models: [], refused: [] }

it('an agent that never answers is waited for so long, and given up once', () => {
  const offers = new SessionOffers()
  offers.ask(wish, [{ id: 'own' }])
  const asked = performance.now()
  offers.giveUpLate(asked + 59_000)
  expect(offers.unsaved.size).toBe(0)
  offers.giveUpLate(asked + 61_000)
  const late = offers.unsaved.get('svc')!
  expect(late).toEqual({ revision: 1, answer: undefined, declared: ['own'] })
  offers.saved('svc', late, true)
  offers.giveUpLate(asked + 200_000)
  expect(offers.unsaved.size).toBe(0)
  // Later is better than never.
  offers.hear('svc', { ...answer, models: [{ name: 'spare', id: 'spare', features: [] }] })
  expect(offers.unsaved.get('svc')?.answer?.accepted).toHaveLength(1)
})

it('one that answers is not, and the same answer is written down once', () => {
  const offers = new SessionOffers()
  offers.ask(wish, [])
  offers.hear('svc', answer)
  offers.saved('svc', offers.unsaved.get('svc')!, true)
  offers.hear('svc', answer)
  offers.giveUpLate(performance.now() + 1e9)
  expect(offers.unsaved.size).toBe(0)
})

it('what could not be written down stays to be written down', () => {
  const offers = new SessionOffers()
  offers.ask(wish, [])
  offers.hear('svc', answer)
  const before = offers.unsaved.get('svc')!
  offers.hear('svc', { ...answer, refused: [{ name: 'spare', text: 'No.' }] })
  offers.saved('svc', before, true)
  expect(offers.unsaved.get('svc')?.answer?.refused).toHaveLength(1)
})
