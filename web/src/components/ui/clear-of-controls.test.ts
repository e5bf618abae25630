import { expect, it } from 'vitest'
import { bottomClearOf, EDGE } from './clear-of-controls.ts'

const area = { top: 700, bottom: 784, left: 800, right: 1184 }
const control = (top: number, left = 1000) => ({ top, bottom: top + 36, left, right: left + 80 })

it.each<[string, ReturnType<typeof control>[], number]>([
  ['at the edge where there is nothing', [], EDGE],
  ['at the edge beside what is elsewhere', [control(740, 100), control(300)], EDGE],
  ['above the button of a dialog', [control(740)], 800 - 732],
  ['above one button after the other', [control(740), control(640)], 800 - 632],
  ['between two that are far enough apart', [control(740), control(560)], 800 - 732],
  ['at the edge where each place is taken', Array.from({ length: 8 }, (_, row) => control(row * 100)), EDGE]
])('messages lie %s', (_where, controls, bottom) => {
  expect(bottomClearOf(area, controls, 800)).toBe(bottom)
})
