import { describe, expect, it } from 'vitest'
import { parseImagesAnswer, reasonOfNoImage } from './openai-answer.ts'

const B64 = { kind: 'base64', text: 'iVBORw0KGgo=' }
const URL_OF_IMAGE = { kind: 'url', url: 'https://cdn.example.org/a.png' }
const item = { b64_json: B64.text }

describe('parseImagesAnswer', () => {
  it.each<[string, unknown, unknown]>([
    ['OpenAI', { data: [item] }, B64],
    ['OpenAI, by URL', { data: [{ url: URL_OF_IMAGE.url, b64_json: null }] }, URL_OF_IMAGE],
    ['images of text', { images: [B64.text], parameters: {}, info: '{}' }, B64],
    ['images of paths', { images: ['View/local/raw/a.png'] }, { kind: 'url', url: 'View/local/raw/a.png' }],
    ['images of objects', { images: [{ url: URL_OF_IMAGE.url, width: 8 }] }, URL_OF_IMAGE],
    ['a list at the top', [item], B64],
    ['a list of URLs at the top', [URL_OF_IMAGE.url], URL_OF_IMAGE],
    ['data as one object', { data: item }, B64],
    ['data that holds the list', { data: { images: [{ url: URL_OF_IMAGE.url }] } }, URL_OF_IMAGE],
    ['data: null beside images', { data: null, images: [item] }, B64],
    ['the image at the top', { b64_json: B64.text }, B64],
    ['a result around it', { id: 'j', result: { output_format: 'png', images: [item] }, error: null }, B64],
    ['artifacts', { artifacts: [{ base64: B64.text, finishReason: 'SUCCESS' }] }, B64],
    ['predictions', { predictions: [{ mimeType: 'image/png', bytesBase64Encoded: B64.text }] }, B64],
    ['output as a URL', { output: URL_OF_IMAGE.url }, URL_OF_IMAGE],
    ['image', { image: B64.text }, B64],
    ['image in the item', { data: [{ image: B64.text }] }, B64],
    ['image_base64', { data: [{ image_base64: B64.text }] }, B64],
    ['b64', { data: [{ b64: B64.text }] }, B64],
    ['a URL in an object', { data: [{ url: { url: URL_OF_IMAGE.url } }] }, URL_OF_IMAGE],
    ['image_url', { data: [{ type: 'image_url', image_url: { url: URL_OF_IMAGE.url } }] }, URL_OF_IMAGE],
    ['a URL where base64 belongs', { data: [{ b64_json: URL_OF_IMAGE.url }] }, URL_OF_IMAGE],
    [
      'a data URL',
      { data: [{ b64_json: 'data:image/png;base64,AA' }] },
      { kind: 'url', url: 'data:image/png;base64,AA' }
    ],
    ['a path without a dot', { data: [{ url: '/images/1/content' }] }, { kind: 'url', url: '/images/1/content' }],
    ['an empty first item', { data: [{ index: 0 }, item] }, B64]
  ])('%s', (_, body, image) => {
    expect(parseImagesAnswer(JSON.stringify(body))?.image).toEqual(image)
    expect(parseImagesAnswer(`\uFEFF${JSON.stringify(body)}`)?.image).toEqual(image)
  })

  it.each([
    'no json',
    '""',
    '"text"',
    'null',
    '7',
    '[]',
    '{}',
    '{"data":[]}',
    '{"data":[null]}',
    '{"data":[{"b64_json":""}]}',
    '{"error":"x"}',
    `{"data":${'[{"image":'.repeat(1000)}"AAAA"${'}]'.repeat(1000)}}`
  ])('finds none in %.40s', (body) => {
    expect(parseImagesAnswer(body)).toBeUndefined()
  })

  it('reads seed and format from wherever they are', () => {
    const answer = { result: { output_format: 'webp', images: [{ ...item, seed: 4 }] }, seed: 5 }
    expect(parseImagesAnswer(JSON.stringify(answer))).toMatchObject({ outputFormat: 'webp', seed: 4 })
    expect(parseImagesAnswer(JSON.stringify({ images: [B64.text], seed: 5 }))).toMatchObject({ seed: 5 })
    expect(parseImagesAnswer(JSON.stringify({ images: [B64.text], seed: -1 }))?.seed).toBeUndefined()
  })
})

describe('reasonOfNoImage', () => {
  it.each([
    ['{"data":[{"b64_json":null,"finish_reason":"content_filter"}]}', 'content_filter'],
    ['{"artifacts":[{"finishReason":"CONTENT_FILTERED"}]}', 'CONTENT_FILTERED'],
    ['{"data":[],"message":"nothing came"}', 'nothing came'],
    ['{"data":[]}', ''],
    ['<html>', '']
  ])('%s', (body, words) => {
    expect(reasonOfNoImage(body)).toBe(words)
  })
})
