import { describe, expect, it } from 'vitest'
import { imageProgress } from './image-progress.ts'

const NEW = { n: 1, progress: 0 }

describe('how far an image is', () => {
  it('is what its engine tells, whatever was estimated before', () => {
    expect(imageProgress(NEW, { step: 5, steps: 20, estimated: 80 })).toEqual({
      percent: 25,
      isEstimated: false,
      words: 'Step 5 of 20'
    })
  })

  it('is said to be an estimate when it is one', () => {
    expect(imageProgress(NEW, { step: 0, steps: 0, estimated: 0 })).toMatchObject({
      isEstimated: true,
      words: 'About 0%'
    })
    expect(imageProgress(NEW, { step: 0, steps: 0, estimated: 94 })?.words).toBe('About 94%')
  })

  it('is left to the time that it has taken when it takes longer than was estimated', () => {
    expect(imageProgress(NEW, { step: 0, steps: 0, estimated: 95 })).toEqual({ percent: 95, isEstimated: true })
  })

  it('is that of its request when it is the only one of it', () => {
    expect(imageProgress({ n: 1, progress: 40.4 }, undefined)).toMatchObject({ percent: 40.4, words: '40%' })
    expect(imageProgress({ n: 2, progress: 40 }, undefined)).toBeUndefined()
  })

  it('is not known before anything was told', () => {
    expect(imageProgress(NEW, undefined)).toBeUndefined()
    expect(imageProgress(NEW, { step: 0, steps: 0 })).toBeUndefined()
  })
})
