import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { BLOCK_BYTES, createMemoryBlocks } from './memory-blocks.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

it('are as many as there is room for, and not one more', () => {
  const memory = createMemoryBlocks(3 * BLOCK_BYTES + 1)
  expect(memory.take(3 * BLOCK_BYTES + 1)).toBeUndefined()
  const two = memory.take(BLOCK_BYTES + 1)!
  expect(two.map(({ length }) => length)).toEqual([BLOCK_BYTES, BLOCK_BYTES])
  expect(memory.take(BLOCK_BYTES + 1)).toBeUndefined()
  expect(memory.take(BLOCK_BYTES)).toHaveLength(1)
  expect(memory.take(1)).toBeUndefined()
  memory.giveBack(two)
  expect(memory.take(2 * BLOCK_BYTES)).toHaveLength(2)
  memory.close()
})

it('are none where there is room for none', () => {
  const memory = createMemoryBlocks(BLOCK_BYTES - 1)
  expect(memory.take(1)).toBeUndefined()
  expect(memory.take(0)).toEqual([])
})

it('are used again, unless nobody has needed them for a while', () => {
  const memory = createMemoryBlocks(BLOCK_BYTES)
  const takeOne = () => memory.take(1)![0]!
  const first = takeOne()
  memory.giveBack([first])
  vi.advanceTimersByTime(29_999)
  expect(takeOne()).toBe(first)
  memory.giveBack([first])
  vi.advanceTimersByTime(29_999)
  expect(takeOne()).toBe(first)
  memory.giveBack([first])
  vi.advanceTimersByTime(30_000)
  const second = takeOne()
  expect(second).not.toBe(first)
  memory.giveBack([second])
  memory.close()
  expect(vi.getTimerCount()).toBe(0)
})
