import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { askPatiently } from './ask-patiently.ts'

const answer = (status: number, headers: Record<string, string> = {}) => ({ status, headers: new Headers(headers) })
const tooMany = (headers: Record<string, string>) => answer(429, headers)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Asks with these answers, the last of them for ever; how often it asked, after how long, and what it made of it. */
async function asked(answers: ReturnType<typeof answer>[]) {
  const begin = Date.now()
  const waits: number[] = []
  let calls = 0
  const asking = askPatiently(
    () => Promise.resolve(answers[Math.min(calls++, answers.length - 1)]!),
    (ms) => waits.push(ms)
  )
  await vi.runAllTimersAsync()
  const { status } = await asking
  return { status, calls, waits, ms: Date.now() - begin }
}

it('comes back when it was told to, to the millisecond where that is said', async () => {
  const told = await asked([tooMany({ 'retry-after': '42' }), tooMany({ 'retry-after': '2', 'retry-after-ms': '1200' }), answer(200)]) // prettier-ignore
  expect(told).toEqual({ status: 200, calls: 3, waits: [42_000, 1200], ms: 43_200 })
})

it.each([
  ['a quota that is used up', { 'x-should-retry': 'false', 'retry-after': '5' }],
  ['no time', {}],
  ['a date', { 'retry-after': 'Fri, 27 Nov 2026 12:00:00 GMT' }],
  ['a time that is over', { 'retry-after': '-3' }],
  ['more than a minute', { 'retry-after': '61' }]
])('takes a refusal with %s as the answer', async (_, headers: Record<string, string>) => {
  expect(await asked([tooMany(headers), answer(200)])).toEqual({ status: 429, calls: 1, waits: [], ms: 0 })
})

it('asks of nothing else again', async () => {
  expect(await asked([answer(503, { 'retry-after': '1' }), answer(200)])).toMatchObject({ status: 503, calls: 1 })
})

it('gives up where every minute is one too many', async () => {
  expect(await asked([tooMany({ 'retry-after': '60' })])).toMatchObject({ status: 429, calls: 6, ms: 300_000 })
})
