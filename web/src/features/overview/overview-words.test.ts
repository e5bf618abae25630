import { describe, expect, it } from 'vitest'
import { firstName, greeting, standing } from './overview-words.ts'

describe('greeting', () => {
  it.each([
    [3, 'Good evening'],
    [8, 'Good morning'],
    [12, 'Good afternoon'],
    [18, 'Good evening']
  ])('at %i is %s', (hour, text) => {
    expect(greeting(hour)).toBe(text)
  })
})

describe('firstName', () => {
  it('is the first of several', () => {
    expect([firstName(' Ada  Lovelace'), firstName('Plato')]).toEqual(['Ada', 'Plato'])
  })
})

describe('standing', () => {
  const tell = (total: number, today: number, mine: number) =>
    standing({ queue: { waiting: 0, running: 0, mine }, myImages: { total, today } })

  it('tells only what there is to tell', () => {
    expect(tell(0, 0, 0)).toBe('You have not made an image yet.')
    expect(tell(1, 0, 0)).toBe('You made 1 image.')
    expect(tell(2, 2, 0)).toBe('You made 2 images, all today.')
    expect(tell(20, 3, 1)).toBe('You made 20 images, 3 of them today, 1 is on the way.')
  })
})
