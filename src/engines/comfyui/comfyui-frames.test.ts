import { describe, expect, it } from 'vitest'
import { parseFrame } from './comfyui-frames.ts'

const numbers = (...values: number[]) => {
  const head = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => head.writeUInt32BE(value, index * 4))
  return head
}
const PICTURE = Buffer.from('picture')
const withMetadata = (metadata: unknown) => {
  const json = Buffer.from(JSON.stringify(metadata))
  return Buffer.concat([numbers(4, json.length), json, PICTURE])
}

describe('a binary frame', () => {
  it('has a picture behind its format', () => {
    expect(parseFrame(Buffer.concat([numbers(1, 1), PICTURE]))).toEqual({ bytes: PICTURE, mediaType: 'image/jpeg' })
    expect(parseFrame(Buffer.concat([numbers(1, 2), PICTURE]))).toEqual({ bytes: PICTURE, mediaType: 'image/png' })
  })

  it('has a picture behind what is told of it', () => {
    const told = { image_type: 'image/png', node_id: '9', prompt_id: 'p', display_node_id: '9' }
    expect(parseFrame(withMetadata(told))).toEqual({ bytes: PICTURE, mediaType: 'image/png', node: '9', job: 'p' })
    expect(parseFrame(withMetadata({ image_type: 'image/jpeg' }))).toEqual({ bytes: PICTURE, mediaType: 'image/jpeg' })
  })

  it.each<[what: string, frame: Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a head alone', numbers(1, 1)],
    ['no kind that has a picture', Buffer.concat([numbers(3, 1), PICTURE])],
    ['a format that is none', Buffer.concat([numbers(1, 3), PICTURE])],
    ['a format of nothing', Buffer.concat([numbers(1, 0), PICTURE])],
    ['more told than there is', Buffer.concat([numbers(4, 1000), PICTURE])],
    ['very much told', Buffer.concat([numbers(4, 4_000_000_000), PICTURE])],
    ['told what is no JSON', Buffer.concat([numbers(4, 3), Buffer.from('{{{'), PICTURE])],
    ['told of another type', withMetadata({ image_type: 'text/html' })],
    ['told, and no picture', withMetadata({}).subarray(0, 10)]
  ])('that has %s is none', (_what, frame) => {
    expect(parseFrame(frame)).toBeUndefined()
  })
})
