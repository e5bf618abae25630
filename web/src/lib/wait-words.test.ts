import { describe, expect, it } from 'vitest'
import { formatDuration, formatTime } from './format.ts'
import { summary } from './request-samples.ts'
import { countDown } from './time-left.ts'
import { idleText, reasonText } from './wait-words.ts'

const NOW = 1_000_000_000

describe('why a request waits', () => {
  it('is told with the time at which that ends', () => {
    const until = NOW + 3_000_000
    expect(reasonText({ wait: { reason: 'capped', until } }, NOW)).toBe(
      `The owner's limit per hour is reached, goes on at ${formatTime(until)} at the earliest`
    )
    expect(reasonText({ wait: { reason: 'capped', until, isOwnShare: true } }, NOW)).toBe(
      `The owner's limit per hour for each person is reached, goes on at ${formatTime(until)} at the earliest`
    )
    expect(reasonText({ wait: { reason: 'capped', until: NOW + 2000 } }, NOW)).toMatch(
      /, goes on in a moment at the earliest$/
    )
    expect(reasonText({ wait: { reason: 'paused', until: NOW + 2000 } }, NOW)).toMatch(/asked again in a moment$/)
    expect(reasonText({ wait: { reason: 'paused', until: NOW - 2000 } }, NOW)).toMatch(/asked again in a moment$/)
  })

  it('is told with the other limit that is reached there', () => {
    const until = NOW + 3_000_000
    const at = formatTime(until)
    expect(reasonText({ wait: { reason: 'capped', until, also: 'new_here' } }, NOW)).toBe(
      `The owner's limit per hour is reached, as is the club's for new machines, goes on at ${at} at the earliest`
    )
    expect(reasonText({ wait: { reason: 'new_here', until, also: 'capped' } }, NOW)).toBe(
      `The machine is new here, and the club's limit per hour for new ones is reached, as is its owner's, goes on at ${at} at the earliest`
    )
  })

  it.each([
    [
      { reason: 'capped', also: 'paused' },
      "The owner's limit per hour is reached, and its image server is busy, goes on at AT at the earliest"
    ],
    [
      { reason: 'new_here', also: 'missing' },
      "The machine is new here, and the club's limit per hour for new ones is reached, and its image server does not have the model, goes on at AT at the earliest"
    ],
    [
      { reason: 'paused', also: 'capped' },
      "The image server is busy, and the owner's limit per hour is reached, asked again at AT"
    ],
    [
      { reason: 'retry', also: 'new_here' },
      "The last try failed, and the club's limit per hour for new machines is reached, tried again at AT"
    ],
    [{ reason: 'retry', also: 'paused' }, 'The last try failed, and its image server is busy, tried again at AT'],
    [
      { reason: 'unusable', also: 'capped', until: null },
      "The image server cannot be used, and the owner's limit per hour is reached, goes on when both are over"
    ]
  ] as const)('is told with what else keeps the machine from it: %j', (wait, text) => {
    const until = NOW + 3_000_000
    expect(reasonText({ wait: { until, ...wait } }, NOW)).toBe(text.replace('AT', formatTime(until)))
  })

  it.each([
    [
      { until: null, beingMade: 1 },
      "The owner's limit per hour is reached with the image that is being made, goes on when it fails, else an hour after it"
    ],
    [
      { until: null, beingMade: 2 },
      "The owner's limit per hour is reached with the 2 images that are being made, goes on when enough of them fail, else an hour after the first of them"
    ],
    [
      { until: NOW + 3_000_000, beingMade: 1, isOwnShare: true as const },
      `The owner's limit per hour for each person is reached with the image that is being made, goes on when it fails, else at ${formatTime(NOW + 3_000_000)} at the earliest`
    ]
  ])('is told with what is being made and may fail yet: %j', (wait, text) => {
    expect(reasonText({ wait: { reason: 'capped', ...wait } }, NOW)).toBe(text)
  })

  it('is told without a time that nobody knows', () => {
    const reasons = [
      ...(['capped', 'new_here', 'retry', 'paused', 'unusable', 'missing', 'drained', 'away', 'approval'] as const),
      'not_served' as const
    ]
    const texts = reasons.map((reason) => reasonText({ wait: { reason, until: null } }, NOW))
    expect(new Set(texts).size).toBe(10)
    expect(texts[9]).toBe('The owner of the machine does not serve the account that asked')
    expect(texts[4]).toBe('The image server cannot be used, goes on when it can be')
    expect(texts[5]).toBe('The image server does not have the model, goes on when it has it')
    for (const text of texts) expect(text).not.toMatch(/ at | in a moment/)
    expect(reasonText({ wait: null }, NOW)).toBeNull()
  })
})

describe('a wait that is given up at some time', () => {
  const givesUpAt = NOW + 3_000_000
  const at = formatTime(givesUpAt)
  it.each([
    [
      { reason: 'unusable', until: null, givesUpAt },
      `The image server cannot be used, goes on when it can be, given up at ${at} if not`
    ],
    [{ reason: 'away', until: null, givesUpAt }, `No machine for it is online, given up at ${at}`],
    [
      { reason: 'paused', until: NOW + 10, givesUpAt },
      `The image server is busy, asked again in a moment, given up at ${at} if not`
    ],
    [{ reason: 'away', until: null, givesUpAt: NOW - 10 }, 'No machine for it is online, given up in a moment']
  ] as const)('says so: %j', (wait, text) => {
    expect(reasonText({ wait }, NOW)).toBe(text)
  })
})

describe('an image of which no step is known', () => {
  const base = summary({ status: 'running', createdAt: NOW - 30_000 })

  it('shows how long it has been made, from when that began', () => {
    const request = { ...base, making: [{ image: 1, since: NOW - 12_400 }] }
    expect(idleText(request, 1, NOW)).toBe(`Being made, ${formatDuration(12_000)}`)
    expect(idleText({ ...request, making: [{ image: 1, since: NOW + 5000 }] }, 1, NOW)).toBe(
      `Being made, ${formatDuration(1000)}`
    )
  })

  it('shows that it waits while others of its request are made, or none is', () => {
    const request = { ...base, making: [{ image: 1, since: NOW - 12_400 }] }
    for (const position of [0, 2]) expect(idleText(request, position, NOW)).toBe('Waiting for its turn')
    expect(idleText(base, 0, NOW)).toBe('Waiting for its turn')
    expect(idleText({ ...base, status: 'queued' }, 0, NOW)).toBe(`Waiting, ${formatDuration(30_000)}`)
  })

  it('shows why it waits', () => {
    const wait = { reason: 'away', until: null } as const
    expect(idleText({ ...base, status: 'queued', wait }, 0, NOW)).toBe('No machine for it is online')
    const partly = { ...base, wait, making: [{ image: 0, since: NOW - 5000 }] }
    expect([0, 1].map((position) => idleText(partly, position, NOW))).toEqual([
      `Being made, ${formatDuration(5000)}`,
      'No machine for it is online'
    ])
  })
})

describe('an estimate', () => {
  const told = { etaSeconds: 8, etaToldAt: NOW, isOverdue: false }

  it('counts down from when it was told, and then there is none', () => {
    const at = (now: number) => countDown(told, now).etaSeconds
    expect([NOW - 5000, NOW, NOW + 2500, NOW + 8000, NOW + 9999].map(at)).toEqual([8, 8, 6, 0, 0])
    expect(countDown(told, NOW + 9999).isOverdue).toBe(false)
    for (const now of [NOW + 10_000, NOW + 99_000]) {
      expect(countDown(told, now)).toEqual({ ...told, etaSeconds: null, isOverdue: true })
    }
    const none = { etaSeconds: null, etaToldAt: null, isOverdue: false }
    expect(countDown(none, NOW)).toBe(none)
  })

  it('does not spring back when it is told again by how much has passed', () => {
    const leftAt = (ms: number) => Math.ceil((7900 - ms) / 1000)
    for (let passed = 0; passed < 7900; passed += 130) {
      const before = countDown(told, NOW + passed).etaSeconds
      const anew = countDown({ ...told, etaSeconds: leftAt(passed), etaToldAt: NOW + passed }, NOW + passed).etaSeconds
      expect(anew).toBeLessThanOrEqual(before ?? 0)
    }
  })
})
