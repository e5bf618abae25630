import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { gatherLines } from './gather-lines.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

function arrange() {
  const written: string[] = []
  const said: string[] = []
  const lines = gatherLines((line) => {
    written.push(line)
    said.push((JSON.parse(line) as { msg: string }).msg)
  })
  const say = (service: string, sentence: string, more: object = {}) =>
    lines.write(JSON.stringify({ level: 'warn', service, msg: `${service}: ${sentence}`, ...more }))
  return { written, said, lines, say }
}

it('names in one line all services of which the same is said within half a second', () => {
  const { said, say } = arrange()
  say('a', 'It cannot be reached.')
  vi.advanceTimersByTime(499)
  say('b', 'It cannot be reached.')
  say('c', 'It cannot be reached.', { time: 'later', attempt: 'att_1' })
  expect(said).toEqual([])
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['a, b and c: It cannot be reached.'])
  say('d', 'It cannot be reached.')
  vi.advanceTimersByTime(500)
  expect(said.slice(1)).toEqual(['d: It cannot be reached.'])
})

it('counts what is said several times', () => {
  const { said, say } = arrange()
  for (const attempt of ['att_1', 'att_2', 'att_3']) say('a', 'an image was not made: It is full.', { attempt })
  say('b', 'an image was not made: It is full.')
  vi.advanceTimersByTime(500)
  expect(said).toEqual(['a and b: an image was not made: It is full. (4 times)'])
})

it('leaves one line as it was, and lines that differ in anything else apart', () => {
  const { written, said, say } = arrange()
  say('a', 'It is full.', { fault: 'busy', time: '1' })
  say('a', 'It is full.', { fault: 'crashed' })
  say('a', 'It is full.', { level: 'info' })
  say('a', 'It is empty.')
  vi.advanceTimersByTime(500)
  expect(said).toEqual(['a: It is full.', 'a: It is full.', 'a: It is full.', 'a: It is empty.'])
  expect(JSON.parse(written[0]!)).toEqual({
    level: 'warn',
    service: 'a',
    msg: 'a: It is full.',
    fault: 'busy',
    time: '1'
  })
})

it('has any other line written at once, after what came before it', () => {
  const { said, lines, say } = arrange()
  say('a', 'It is full.')
  say('b', 'It is empty.')
  say('c', 'It is full.')
  lines.write(JSON.stringify({ msg: 'online' }))
  lines.write(JSON.stringify({ service: 'a', msg: 'something else' }))
  lines.write(JSON.stringify({ service: 1, msg: '1: what has no name' }))
  expect(said).toEqual(['a and c: It is full.', 'b: It is empty.', 'online', 'something else', '1: what has no name'])
  vi.advanceTimersByTime(500)
  expect(said).toHaveLength(5)
})

it('loses nothing that waits at the end', () => {
  const { said, lines, say } = arrange()
  say('a', 'It is full.')
  say('b', 'It is full.')
  lines.flush()
  lines.flush()
  expect(said).toEqual(['a and b: It is full.'])
  vi.advanceTimersByTime(500)
  expect(said).toHaveLength(1)
})

it('names ten services in a line, and has a hundred lines wait at most', () => {
  const { said, say } = arrange()
  for (let i = 1; i <= 11; i += 1) say(`s${i}`, 'It is full.')
  expect(said).toEqual(['s1, s2, s3, s4, s5, s6, s7, s8, s9 and s10: It is full.'])
  vi.advanceTimersByTime(500)
  expect(said.splice(0)[1]).toBe('s11: It is full.')
  for (let i = 1; i <= 100; i += 1) say('a', `It is ${i}.`)
  expect(said).toEqual([])
  say('a', 'It is 101.')
  expect(said).toHaveLength(100)
  vi.advanceTimersByTime(500)
  expect(said.at(-1)).toBe('a: It is 101.')
})
