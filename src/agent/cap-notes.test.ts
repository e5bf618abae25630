import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { readGatewayMessage, type ReachedCap } from '../protocol/messages.ts'
import { CapNotes } from './cap-notes.ts'

const HALF_AN_HOUR = 30 * 60_000
const ALL = { service: 'rig', cap: 'images_per_hour', images: 20, for_ms: HALF_AN_HOUR } as const
const EACH = { service: 'rig', cap: 'images_per_user_hour', images: 1 } as const

let said: string[]
let services: string[]
let notes: CapNotes
beforeEach(() => {
  said = []
  services = ['rig', 'other']
  const write = (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg)
  notes = new CapNotes({ hasService: (name) => services.includes(name), logger: pino({ level: 'info' }, { write }) })
})

const hear = (...reached: ReachedCap[]) => hearClosed([], ...reached)
const hearClosed = (closed: string[], ...reached: ReachedCap[]) => {
  said.length = 0
  notes.hear({ type: 'provider.capped', reached, closed })
  return said
}

describe('a cap that others have reached', () => {
  it('is told when that begins and when it has ended, whatever connections do in between', () => {
    const [line] = hear(ALL)
    expect(line).toMatch(
      /^rig: others have had the 20 images that you let them have within an hour \(images_per_hour\)\. More from \d\d:\d\d on\. Your own are not counted\.$/
    )
    expect(hear({ ...ALL, for_ms: 1 })).toEqual([])
    expect(hear()).toEqual(['rig: others may have images again (images_per_hour).'])
    expect(hear()).toEqual([])
    expect(hear(ALL)).toHaveLength(1)
  })

  it('is told with the minute in which it ends, as the pages tell it, by the clock of this machine', () => {
    const before = Date.now()
    const time = /from (\d\d:\d\d) on/.exec(hear(ALL)[0] ?? '')?.[1]
    const minutes = [before, Date.now()].map((at) => new Date(at + HALF_AN_HOUR).toTimeString().slice(0, 5))
    expect(minutes).toContain(time)
  })

  it('of each person is told beside it, and is known to end when what is being made is an hour old', () => {
    hear(ALL)
    expect(hear(ALL, EACH)).toEqual([
      'rig: somebody has had the one image that you let each person have within an hour (images_per_user_hour). There is more an hour after what is being made.'
    ])
    expect(hear(EACH)).toEqual(['rig: others who have not had theirs may have images again (images_per_hour).'])
    expect(hear()).toEqual(['rig: everybody whom it serves may have images again (images_per_user_hour).'])
  })

  it('ends without a word where another of the service is reached: nobody gets more by it', () => {
    hear(EACH)
    expect(hear(ALL)).toEqual([expect.stringMatching(/^rig: others have had the 20 images/)])
    hear(ALL, EACH)
    expect(hear(ALL)).toEqual([])
    expect(hear({ ...ALL, service: 'other' })).toContain('rig: others may have images again (images_per_hour).')
  })

  it('of another number is told anew, for it ends at another time', () => {
    hear(ALL)
    expect(hear({ ...ALL, images: 5 })).toEqual([expect.stringMatching(/^rig: others have had the 5 images/)])
    expect(hear()).toEqual(['rig: others may have images again (images_per_hour).'])
  })

  it('is not told of a service of which others get nothing anyhow: neither that it is reached nor that it has ended', () => {
    hear(ALL, EACH)
    // Closed, and then the cap is taken away, or ends; or both at once.
    expect(hearClosed(['rig'], ALL, EACH)).toEqual([])
    expect(hearClosed(['rig'])).toEqual([])
    expect(hear()).toEqual([])
    hear(ALL)
    expect(hearClosed(['rig'])).toEqual([])
    expect(hearClosed(['rig'], ALL)).toEqual([])
    // Opened it is news that others get nothing yet.
    expect(hear(ALL)).toHaveLength(1)
    // Of another service everything is told.
    expect(hearClosed(['rig'], { ...ALL, service: 'other' })).toEqual([
      expect.stringMatching(/^other: others have had/)
    ])
    expect(hearClosed(['rig'])).toEqual(['other: others may have images again (images_per_hour).'])
  })

  it('of a gateway that does not say what is closed is told as before', () => {
    notes.hear({ type: 'provider.capped', reached: [ALL] })
    said.length = 0
    notes.hear({ type: 'provider.capped', reached: [] })
    expect(said).toEqual(['rig: others may have images again (images_per_hour).'])
  })

  it('of a service that is no longer there ends without a word', () => {
    hear(ALL, { ...ALL, service: 'other' })
    services = ['other']
    expect(hear()).toEqual(['other: others may have images again (images_per_hour).'])
  })
})

it.each([
  ['caps', (count: number) => Array(count).fill(ALL), 200],
  ['images', (images: number) => [{ ...ALL, images }], 1_000_000],
  ['time', (for_ms: number) => [{ ...ALL, for_ms }], 86_400_000],
  ['names', (count: number) => [{ ...ALL, service: 'x'.repeat(count) }], 100]
])('a message of reached caps has bounded %s', (_what, reachedOf, most) => {
  const read = (count: number) =>
    readGatewayMessage(JSON.stringify({ type: 'provider.capped', reached: reachedOf(count) }))
  expect(read(most).problem).toBeUndefined()
  expect(read(most + 1).problem).toBeDefined()
})
