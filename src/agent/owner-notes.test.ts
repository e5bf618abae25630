import { pino } from 'pino'
import { beforeEach, expect, it } from 'vitest'
import { NOTHING_PAUSED } from '../protocol/messages.ts'
import { OwnerNotes } from './owner-notes.ts'

const PAUSED = 'This machine is paused.'
let said: string[]
let notes: OwnerNotes
beforeEach(() => {
  said = []
  const write = (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg)
  notes = new OwnerNotes(pino({ level: 'info' }, { write }))
})

it('a pause that ended while the connection was away is told to have, so that the next one is told, too', () => {
  notes.welcome(undefined)
  notes.pauses(PAUSED)
  notes.hasHeardAll()
  notes.welcome(undefined)
  notes.hasHeardAll()
  notes.hasHeardAll()
  notes.pauses(PAUSED)
  expect(said).toEqual([PAUSED, NOTHING_PAUSED, PAUSED])
})

it('a pause that goes on is told once, and where nothing was paused there is nothing to tell', () => {
  notes.welcome(undefined)
  notes.hasHeardAll()
  for (let times = 0; times < 3; times += 1) {
    notes.welcome(undefined)
    notes.pauses(PAUSED)
    notes.hasHeardAll()
  }
  expect(said).toEqual([PAUSED])
})

it('how a machine stands is not told again by the next welcome when it was told as it changed', () => {
  notes.welcome('It waits.')
  notes.welcome('It waits.')
  notes.stands('It was let in. It is new.')
  notes.welcome('It is new.')
  notes.welcome('It was stopped.')
  expect(said).toEqual(['It waits.', 'It was let in. It is new.', 'It was stopped.'])
})

it('how a machine stands is told again where it stood as most do in between, of which a welcome says nothing', () => {
  notes.welcome(undefined)
  notes.stands('It was stopped.')
  notes.welcome(undefined)
  notes.stands('It was stopped.')
  expect(said).toEqual(['It was stopped.', 'It was stopped.'])
})
