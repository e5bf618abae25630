import { expect, it } from 'vitest'
import { passingError, waitsInVain } from './image-exchange.ts'

const machines = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `prv_${at + 1}`, name: `rig ${at + 1}`, owner: `Ann ${at + 1}` }))

it.each([
  [1, "If it stays so, tell Ann 1, whose machine 'rig 1' it is."],
  [3, "Ann 3, whose machine 'rig 3' it is."],
  [4, "Ann 3, whose machine 'rig 3' it is."]
])('names the owners of three of %i machines at most', (count, end) => {
  const message = passingError({ reason: 'unusable', machines: machines(count) })?.told.message
  expect(message?.endsWith(end)).toBe(true)
})

it('names nobody but the caller where a machine of theirs is among them', () => {
  const own = [...machines(4), { id: 'prv_mine', name: 'mine', owner: undefined }]
  const message = passingError({ reason: 'missing', machines: own })?.told.message
  expect(message).toContain("It is your machine 'mine'")
  expect(message).not.toContain('Ann')
})

it.each(['capped', 'new_here'] as const)(
  'waits in vain for what was made (%s), not for what may fail yet',
  (reason) => {
    const spent = { waitedMs: 2000, mayWaitMs: 60_000, unusableTimeoutMs: 30_000, now: 0 }
    const until = 3_600_000
    expect(waitsInVain({ reason, until }, spent)).toBe(true)
    expect(waitsInVain({ reason, until: 30_000 }, spent)).toBe(false)
    expect(waitsInVain({ reason }, spent)).toBe(true)
    expect([waitsInVain({ reason, until, beingMade: 1 }, spent), waitsInVain({ reason, beingMade: 1 }, spent)]).toEqual(
      [...[false, false]]
    )
  }
)

it.each(['unusable', 'missing', 'paused', 'capped', 'new_here'] as const)(
  'keeps what is true for whoever reads it, and says to nobody that it is theirs: %s',
  (reason) => {
    const machines = [{ id: 'prv_mine', name: 'mine', owner: undefined }]
    for (const isOwnShare of [{}, { isOwnShare: true as const }]) {
      const { told, kept, unbegun } = passingError({ reason, machines, ...isOwnShare }) ?? {}
      expect(kept?.message).not.toMatch(/\byou/i)
      expect(unbegun).toEqual({ reason, machines: ['prv_mine'] })
      expect(kept).toMatchObject({ code: told?.code, retryAfterSeconds: told?.retryAfterSeconds })
    }
  }
)

it('tells a caller of the limit that is reached behind an image server, and keeps it', () => {
  const { told, kept } = passingError({ reason: 'unusable', also: 'capped', machines: [] }) ?? {}
  expect(told?.message).toMatch(
    /cannot be used at the moment\. The owner's own limit is reached, too\. Try again later\./
  )
  expect(kept?.message).toMatch(/cannot be used at the moment\. The owner's own limit is reached, too\.$/)
})
