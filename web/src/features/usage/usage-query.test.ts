import { describe, expect, it } from 'vitest'
import { partsOf, type UsageQuery, usageParameters } from './usage-query.ts'

const DAY = 86_400_000
const QUERY: UsageQuery = { range: { start: 0, end: 40 * DAY, bucketMs: DAY }, by: 'key', userId: 'usr_1' }

describe('usageParameters', () => {
  it('spells the query as the API does', () => {
    const parameters = usageParameters(QUERY, 'page_x')
    expect(parameters.getAll('group_by')).toEqual(['api_key_id', 'size'])
    expect(Object.fromEntries(parameters)).toMatchObject({
      start_time: '0',
      end_time: '3456000',
      bucket_width: '1d',
      limit: '31',
      user_ids: 'usr_1',
      page: 'page_x'
    })
  })

  it('leaves out what is not asked', () => {
    const { range, by } = QUERY
    const hourly = usageParameters({ range: { ...range, end: DAY, bucketMs: 3_600_000 }, by })
    expect([hourly.get('bucket_width'), hourly.has('user_ids'), hourly.has('page')]).toEqual(['1h', false, false])
  })
})

describe('partsOf', () => {
  it('reads the group and the pixels of a result', () => {
    const result = { images: 3, num_model_requests: 2, size: '640x480', source: 'image.edit' }
    const none = { user_id: null, api_key_id: null, model: null, provider_id: null }
    const buckets = [{ start_time: 86_400, results: [{ ...result, ...none }] }]
    expect(partsOf(buckets, 'kind')).toEqual([{ at: DAY, key: 'image.edit', images: 3, requests: 2, pixels: 307_200 }])
  })
})
