import { describe, expect, it } from 'vitest'
import { decodeAnnouncement, decodeUploadPlace } from './direct-uploads.ts'

describe('the announcement of an image', () => {
  const image = { bytes: 1, sha256: 'a'.repeat(64), media_type: 'image/png' }
  it.each<[string, unknown, unknown]>([
    ['bytes', 1, 0],
    ['bytes', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1],
    ['sha256', '0'.repeat(64), '0'.repeat(63)],
    ['sha256', 'f'.repeat(64), 'f'.repeat(65)],
    ['media_type', 'image/webp', 'image/gif']
  ])('is read to the end of its %s, and not past it', (field, last, past) => {
    const read = (value: unknown) => decodeAnnouncement(JSON.stringify({ ...image, [field]: value }))
    expect(read(last)).toMatchObject({ [field]: last })
    expect(read(past)).toBeUndefined()
  })
})

describe('the place that an agent is told', () => {
  const place = { url: 'https://s3.example.org/', headers: { 'content-type': 'image/png' } }
  it.each<[string, (chars: number) => object, number]>([
    ['address', (chars) => ({ url: place.url.padEnd(chars, 'x') }), 4096],
    ['type', (chars) => ({ headers: { 'content-type': 'x'.repeat(chars) } }), 100],
    ['hash', (chars) => ({ headers: { ...place.headers, 'x-amz-checksum-sha256': 'x'.repeat(chars) } }), 100]
  ])('is read to the end of its %s, and not past it', (_what, change, most) => {
    const read = (chars: number) => decodeUploadPlace(JSON.stringify({ place: { ...place, ...change(chars) } }))
    expect(read(most)).toMatchObject(change(most))
    expect(read(most + 1)).toBeUndefined()
  })
})
