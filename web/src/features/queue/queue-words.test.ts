import { describe, expect, it } from 'vitest'
import type { ImageInfo } from '../../../../src/http/dashboard/contract/requests.ts'
import { etaText, progressText, totalsText, turnText } from './queue-words.ts'

const image = (position: number) => ({ position }) as ImageInfo
const of = (n: number, done: number[], progress = 0) => ({
  n,
  images: done.map(image),
  progress,
  making: [],
  isOverdue: false
})

describe('words of the queue', () => {
  it('counts', () => {
    expect(totalsText({ running: 3, waiting: 1200 })).toBe('3 images running, 1,200 waiting in all')
    expect(totalsText({ running: 1, waiting: 0 })).toBe('1 image running, 0 waiting in all')
    expect(totalsText({ running: 0, waiting: 0 })).toBe('Nothing is running or waiting.')
  })

  it('names the turn', () => {
    expect([turnText(null), turnText(1), turnText(12)]).toEqual([null, 'Next in line', 'Place 12'])
  })

  it('estimates', () => {
    const eta = (etaSeconds: number | null, isOverdue = false) => etaText({ etaSeconds, isOverdue })
    expect(eta(null)).toBeNull()
    expect(eta(0)).toBe('done in a moment')
    expect(eta(90)).toBe('done in about 1 min 30 s')
    expect(eta(null, true)).toBe('longer than usual')
  })

  it('tells steps of one image and how many of several are done', () => {
    expect(progressText(of(1, []), { step: 3, steps: 20 }, 9000)).toBe('Step 3 of 20')
    expect(progressText(of(1, [], 40), undefined, 9000)).toBe('40%')
    const made = { ...of(1, []), making: [{ image: 0, since: 1000 }] }
    expect(progressText(made, { step: 0, steps: 0 }, 9000)).toBe('8 s so far')
    const silent = { step: 0, steps: 0, estimated: 81 }
    expect(progressText(made, silent, 9000)).toBe('About 81%')
    expect(progressText({ ...made, isOverdue: true }, silent, 9000)).toBe('8 s so far')
    expect(progressText({ ...made, isOverdue: true }, { step: 3, steps: 20 }, 9000)).toBe('Step 3 of 20')
    expect(progressText(of(1, []), undefined, 9000)).toBe('Waiting for its turn')
    expect(progressText(of(4, [2]), { step: 3, steps: 20 }, 9000)).toBe('1 of 4 done')
  })
})
