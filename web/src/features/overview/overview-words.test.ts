import { describe, expect, it } from 'vitest'
import { firstName, givenText, greeting, standing } from './overview-words.ts'

describe('greeting', () => {
  it.each([
    [0, 'Hello'],
    [4, 'Hello'],
    [5, 'Good morning'],
    [11, 'Good morning'],
    [12, 'Good afternoon'],
    [17, 'Good afternoon'],
    [18, 'Good evening'],
    [23, 'Good evening']
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

describe('givenText', () => {
  it('tells what a machine made for others, this month and in all', () => {
    expect(givenText(null)).toBeUndefined()
    expect(givenText({ thisMonth: 0, total: 0 })).toBeUndefined()
    expect(givenText({ thisMonth: 0, total: 1 })).toBe('Your GPU has made 1 image for others.')
    expect(givenText({ thisMonth: 20, total: 20 })).toBe('Your GPU made 20 images for others this month.')
    expect(givenText({ thisMonth: 1, total: 20 })).toBe('Your GPU made 1 image for others this month, 20 in all.')
  })
})
