import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLocalBell } from './bell.ts'
import { startListening } from './listen.ts'

const EVERY_MS = 1000
const TOPIC = 'request:req_1'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function listen(isNews?: (hint?: string) => boolean) {
  const bell = createLocalBell()
  const leaving = new AbortController()
  const listener = startListening(bell, {
    topic: TOPIC,
    everyMs: EVERY_MS,
    signal: leaving.signal,
    ...(isNews && { isNews })
  })
  let heard = 0
  const wait = () =>
    listener.news().then(() => {
      heard += 1
    })
  /** How many waits for news have ended by now. */
  const ended = async () => {
    await vi.advanceTimersByTimeAsync(0)
    return heard
  }
  return { bell, leaving, listener, wait, ended }
}

it('looks at first without a bell', async () => {
  const { listener, wait, ended } = listen()
  void wait()
  expect(await ended()).toBe(1)
  expect(listener.takeChange()).toBe(true)
  expect(listener.takeChange()).toBe(false)
})

it('does not sleep through what rings while its owner looks', async () => {
  const { bell, listener, wait, ended } = listen()
  listener.takeChange()
  bell.ring(TOPIC)
  void wait()
  expect(await ended()).toBe(1)
  expect(listener.takeChange()).toBe(true)
})

it('sleeps until the bell of its topic rings', async () => {
  const { bell, listener, wait, ended } = listen()
  listener.takeChange()
  void wait()
  bell.ring('request:req_2')
  expect(await ended()).toBe(0)
  bell.ring(TOPIC)
  expect(await ended()).toBe(1)
})

it('looks by itself when no bell rings', async () => {
  const { listener, wait, ended } = listen()
  listener.takeChange()
  void wait()
  await vi.advanceTimersByTimeAsync(EVERY_MS - 1)
  expect(await ended()).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(await ended()).toBe(1)
  expect(listener.takeChange()).toBe(true)
})

it('can be woken, before it sleeps too, once, and takes that for no change', async () => {
  const { listener, wait, ended } = listen()
  listener.takeChange()
  listener.wake()
  void wait()
  expect(await ended()).toBe(1)
  void wait()
  expect(await ended()).toBe(1)
  listener.wake()
  expect(await ended()).toBe(2)
  expect(listener.takeChange()).toBe(false)
})

it.each(['before', 'while'])('does not wait when its signal aborts %s it sleeps', async (when) => {
  const { leaving, listener, wait, ended } = listen()
  listener.takeChange()
  if (when === 'before') leaving.abort()
  void wait()
  leaving.abort()
  expect(await ended()).toBe(1)
})

it('leaves nothing behind', () => {
  const { bell, listener } = listen()
  listener.close()
  expect(vi.getTimerCount()).toBe(0)
  bell.ring(TOPIC)
  listener.takeChange()
  bell.ring(TOPIC)
  expect(listener.takeChange()).toBe(false)
})

it('takes no notice of what is no news to its owner', async () => {
  const { bell, listener, wait, ended } = listen((hint) => hint !== 'begun')
  listener.takeChange()
  void wait()
  bell.ring(TOPIC, 'begun')
  expect(await ended()).toBe(0)
  bell.ring(TOPIC, 'ended')
  expect(await ended()).toBe(1)
  void wait()
  expect(listener.takeChange()).toBe(true)
  bell.ring(TOPIC)
  expect(await ended()).toBe(2)
})
