import { describe, expect, it } from 'vitest'
import { beginHistory, type MaskOperation, perform, redo, undo, visible } from './mask-operations.ts'

const stroke = (radius: number): MaskOperation => ({ type: 'stroke', erase: false, radius, points: [{ x: 0, y: 0 }] })
const [one, two, three] = [stroke(1), stroke(2), stroke(3)]

describe('the history of a mask', () => {
  const painted = perform(perform(beginHistory(), one), two)

  it('takes back and repeats in order', () => {
    expect(undo(painted)).toEqual({ done: [one], undone: [two] })
    expect(undo(undo(painted))).toEqual({ done: [], undone: [two, one] })
    expect(redo(redo(undo(undo(painted))))).toEqual(painted)
  })

  it('forgets what was taken back when something new is done', () => {
    expect(perform(undo(painted), three)).toEqual({ done: [one, three], undone: [] })
  })

  it('stays the same object when there is nothing to take back or repeat', () => {
    expect(redo(painted)).toBe(painted)
    const empty = beginHistory()
    expect(undo(empty)).toBe(empty)
  })
})

describe('visible', () => {
  it('leaves out what was cleared', () => {
    expect(visible([one, { type: 'clear' }, two])).toEqual({ fromBase: false, operations: [two] })
    expect(visible([one, two])).toEqual({ fromBase: true, operations: [one, two] })
  })
})
