import { expect, it } from 'vitest'
import { TASK_CLASS } from '../requests/request-states.ts'
import { classOfTurn } from './class-turn.ts'

it.each([
  [0, TASK_CLASS.interactive],
  [6, TASK_CLASS.interactive],
  [7, TASK_CLASS.async],
  [8, TASK_CLASS.interactive],
  [15, TASK_CLASS.async],
  [30, TASK_CLASS.interactive],
  [31, TASK_CLASS.batch],
  [32, TASK_CLASS.interactive],
  [63, TASK_CLASS.batch]
])('round %i begins with class %i', (turn, taskClass) => {
  expect(classOfTurn(turn)).toBe(taskClass)
})

it('gives every class its share, the more urgent ones more', () => {
  const rounds = Array.from({ length: 3200 }, (_, turn) => classOfTurn(turn))
  const count = (taskClass: number) => rounds.filter((one) => one === taskClass).length
  expect([count(TASK_CLASS.interactive), count(TASK_CLASS.async), count(TASK_CLASS.batch)]).toEqual([2800, 300, 100])
})
