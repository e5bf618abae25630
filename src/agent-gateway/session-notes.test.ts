import { describe, expect, it } from 'vitest'
import type { Standing } from '../providers/trust-policy.ts'
import { findFirstEnd, findOpenness } from './find-openness.ts'
import { SessionNotes } from './session-notes.ts'

const NOW = 1_000_000_000
const MINUTE = 60_000
const SPENT = { images: 2, left: 0, next: NOW + 20 * MINUTE, spent: { until: NOW + 20 * MINUTE } }
const LEFT = { images: 2, left: 2 }
const A = { name: 'a', isPrivate: false }
const ALONE = { name: 'a', isPrivate: true }
const RUNS = { all: false, services: [] }
const capped = (service: string, end: number | null = NOW + 50 * MINUTE) => ({
  ...{ service, cap: 'imagesPerHour' as const },
  findEnd: () => Promise.resolve(end ?? undefined)
})

interface Now {
  services?: { name: string; isPrivate: boolean }[]
  standing?: Standing
  ration?: typeof SPENT | typeof LEFT
  reached?: ReturnType<typeof capped>[]
  paused?: { all: boolean; services: string[] }
}

/** Tells the notes of each change; the notes of a provider that stands like that at first. */
function open(first: { standing: Standing; isShared: boolean }) {
  const notes = new SessionNotes(first)
  return async ({ services = [A], standing = 'limited', ration, reached = [], paused = RUNS }: Now) => {
    const openness = findOpenness(services, { standing, paused, reached })
    const findCapsEnd = () => findFirstEnd(reached, openness.open)
    const news = await notes.findNews({ standing, paused, ration, openness, findCapsEnd, now: NOW })
    return news.map((one) => ('note' in one ? one.note : one.type))
  }
}

describe('how a machine stands', () => {
  it('is told when its owner opens it on the dashboard, and not while it is theirs alone', async () => {
    const hear = open({ standing: 'pending', isShared: false })
    expect(await hear({ standing: 'pending', services: [ALONE] })).toEqual([])
    expect(await hear({ standing: 'pending' })).toEqual([expect.stringContaining("waiting for an admin's approval")])
    expect(await hear({ standing: 'pending', services: [ALONE] })).toEqual([])
    expect(await hear({ standing: 'limited', services: [ALONE] })).toEqual([])
    expect(await hear({})).toEqual([expect.stringMatching(/^This machine was let in/)])
    expect(await hear({ services: [ALONE] })).toEqual([])
    expect(await hear({})).toEqual([])
  })

  it('is no news where it stands as most do when it is opened', async () => {
    expect(await open({ standing: 'trusted', isShared: false })({ standing: 'trusted' })).toEqual([])
  })
})

describe('what the club lets a new machine make', () => {
  const GONE = 'This machine is new: others have had the 2 images that the club lets it make for them within an hour.'
  const AGAIN = 'Others may have images of this machine again, within what the club lets a new one make for them.'
  const hearNew = () => open({ standing: 'limited', isShared: true })

  it('is told when others have had it, and when there is more', async () => {
    const hear = hearNew()
    expect(await hear({ ration: SPENT })).toEqual([`${GONE} There are more in 20 minutes. An admin can lift that.`])
    expect(await hear({ ration: SPENT })).toEqual([])
    expect(await hear({ ration: LEFT })).toEqual([AGAIN])
  })

  it.each<[string, Now]>([
    ['is its owner\u2019s alone', { services: [ALONE] }],
    ['is paused', { paused: { all: true, services: [] } }],
    ['has its services paused', { paused: { all: false, services: ['a'] } }]
  ])('is not told of one that %s: neither that others had it nor that there is more', async (_what, closed) => {
    const isOfRation = (notes: string[]) => notes.filter((note) => note.includes('the club'))
    const hear = hearNew()
    expect(isOfRation(await hear({ ...closed, ration: SPENT }))).toEqual([])
    expect(isOfRation(await hear({ ration: SPENT }))).toHaveLength(1)
    expect(isOfRation(await hear({ ...closed, ration: SPENT }))).toEqual([])
    expect(isOfRation(await hear({ ...closed, ration: LEFT }))).toEqual([])
    expect(isOfRation(await hear({ ration: LEFT }))).toEqual([])
  })

  it('ends no earlier than caps of its owner that are reached, and without a word while they are', async () => {
    const [hear, other] = [hearNew(), hearNew()]
    const reached = [capped('a')]
    expect(await hear({ ration: SPENT, reached })).toEqual([expect.stringContaining('There are more in 50 minutes.')])
    expect(await hear({ ration: LEFT, reached })).toEqual([])
    const unknown = { ration: SPENT, reached: [capped('a', null)] }
    expect(await other(unknown)).toEqual([expect.stringContaining('an hour after what is being made')])
    const services = [A, { name: 'b', isPrivate: false }]
    const third = hearNew()
    expect(await third({ services, ration: SPENT, reached })).toEqual([expect.stringContaining('in 20 minutes')])
    expect(await third({ services, ration: LEFT, reached })).toEqual([AGAIN])
  })
})

describe('of which services others get nothing', () => {
  const B = { name: 'b', isPrivate: false }
  it.each<[string, Parameters<typeof findOpenness>[1], string[]]>([
    ['it is trusted', { standing: 'trusted', paused: RUNS, reached: [] }, []],
    ['it waits for approval', { standing: 'pending', paused: RUNS, reached: [] }, ['a', 'b']],
    ['it was stopped', { standing: 'blocked', paused: RUNS, reached: [] }, ['a', 'b']],
    ['only admins may offer', { standing: 'closed', paused: RUNS, reached: [] }, ['a', 'b']],
    ['it is paused', { standing: 'limited', paused: { all: true, services: [] }, reached: [] }, ['a', 'b']],
    ['a service is paused', { standing: 'limited', paused: { all: false, services: ['b'] }, reached: [] }, ['b']]
  ])('follows from how it is: %s', (_what, known, closed) => {
    const found = findOpenness([A, B], known)
    expect(found).toMatchObject({ closed, isShared: true })
    expect(found.open).toEqual(['a', 'b'].filter((name) => !closed.includes(name)))
  })
})
