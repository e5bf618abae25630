import { describe, expect, it } from 'vitest'
import { EMPTY_LIMITS_FORM, limitsFormOf, readLimits } from './limits-form.ts'

const LIMITS = { imagesPerDay: 5, imagesPerMonth: null, maxActive: 2, maxPixels: 1_048_576, models: ['demo'] }

describe('readLimits', () => {
  it('reads back what was shown', () => {
    expect(readLimits(limitsFormOf(LIMITS))).toEqual({ limits: LIMITS, errors: {} })
  })

  it('tells everything that is wrong at once', () => {
    const { errors } = readLimits({ ...EMPTY_LIMITS_FORM, imagesPerDay: '0', maxActive: 'many', models: [] })
    expect(Object.keys(errors).sort()).toEqual(['imagesPerDay', 'maxActive', 'models'])
  })
})
