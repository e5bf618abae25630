import { expect, it } from 'vitest'
import { errors } from './errors.ts'

const NOW = Date.parse('2030-06-15T12:00:00Z')

it.each([
  [59_000, 59, undefined],
  [59_001, 60, false],
  [3_600_000, 3600, false],
  [3_600_001, 3600, false],
  [-1, 1, undefined],
  [undefined, 3600, false]
])('a cap that ends in %o ms is asked for again in %d seconds, by an SDK: %o', (leftMs, retryAfterSeconds, retry) => {
  const end = leftMs === undefined ? {} : { until: NOW + leftMs }
  expect(errors.upstreamCapped(end, NOW)).toMatchObject({ retryAfterSeconds, retry })
})

it('tells whose images of an hour have been made', () => {
  expect(errors.upstreamCapped({}, NOW).message).toMatch(
    /let others have so many images within an hour, and these have been made\. /
  )
  expect(errors.upstreamCapped({ isOwnShare: true }, NOW).message).toMatch(
    /let each of the others have so many images within an hour, and these have been made\. /
  )
  expect(errors.upstreamCapped({ beingMade: 1 }, NOW).message).toMatch(/and these have been made, or are being made\. /)
  expect(errors.upstreamCapped({ reason: 'new_here' }, NOW).message).toMatch(
    /are new here: .* An admin can lift that\. /
  )
})

it.each([
  [
    undefined,
    /^The owners of the machines that have this model let others have/,
    /^The machines that have this model are/
  ],
  [
    [3, 2],
    /^The owners of the machines that have this model let others have/,
    /^The machines .* are new .* lets them make/
  ],
  [
    [2, 1],
    /^The owner of the machines that have this model lets others have/,
    /^The machines .* are new .* lets them make/
  ],
  [
    [1, 1],
    /^The owner of the machine that has this model lets others have/,
    /^The machine .* is new here.* lets it make/
  ]
])('speaks of as many machines and owners as there are: %j', (counted, byOwner, byClub) => {
  const [machines = 0, owners = 0] = counted ?? []
  const limit = counted === undefined ? {} : { of: { machines, owners } }
  expect(errors.upstreamCapped(limit, NOW).message).toMatch(byOwner)
  expect(errors.upstreamCapped({ reason: 'new_here', ...limit }, NOW).message).toMatch(byClub)
})

it('tells of both limits of an hour where both are reached', () => {
  expect(errors.upstreamCapped({ also: 'new_here' }, NOW).message).toMatch(
    /let others have .* made\. The club's limit for new machines is reached, too\. /
  )
  expect(errors.upstreamCapped({ reason: 'new_here', also: 'capped' }, NOW).message).toMatch(
    /An admin can lift that\. The owner's own limit is reached, too\. /
  )
})

it('tells of an image server beside a limit of an hour that is reached', () => {
  expect(errors.upstreamCapped({ also: 'paused' }, NOW).message).toMatch(/ made\. The image server is busy, too\. Try/)
  expect(errors.upstreamCapped({ reason: 'new_here', also: 'unusable' }, NOW).message).toMatch(
    /An admin can lift that\. The image server cannot be used either\. /
  )
})
