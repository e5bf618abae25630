import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { type FakeBehaviour, sse } from '../../../tests/support/fake-openai-behaviours.ts'
import { task, useOpenAIEngine } from '../../../tests/support/openai-engine.ts'
import { pattern } from '../../../tests/support/test-images.ts'

const world = useOpenAIEngine()
const start = (previews = 2) => world.start({}, { previews })
const picture = await pattern(16, 16, 3).png().toBuffer()
const b64_json = picture.toString('base64')
const partial = sse({ type: 'image_generation.partial_image', b64_json, partial_image_index: 0 })
const completed = sse({ type: 'image_generation.completed', b64_json, quality: 'high' })

const watch = async (behaviour: FakeBehaviour, more = {}) => {
  world.server.setBehaviour({ default: behaviour })
  const run = createTestRun({ inputs: { image0: picture } })
  const image = await world.engine.generate(task(more), run)
  return { ...image, bytes: await buffer(image.bytes), previews: run.previews }
}
const events = (...pieces: string[]): FakeBehaviour => ({ name: 'events', pieces })
const failing = (behaviour: FakeBehaviour) => expect(watch(behaviour)).rejects

describe('previews', () => {
  it('are asked for and shown as they come, then the image', async () => {
    await start(3)
    const { previews, bytes, mediaType } = await watch('stream', { size: { width: 64, height: 64 } })
    expect(world.server.requests[0]!.json).toMatchObject({ stream: true, partial_images: 3, n: 1 })
    expect(previews).toHaveLength(3)
    expect(previews[0]).toEqual({ bytes, mediaType: 'image/png' })
    expect(mediaType).toBe('image/png')
  })

  it('are there of edits as well', async () => {
    await start(1)
    const inputs = [{ name: 'image0', mediaType: 'image/png', width: 16, height: 16 }]
    const { previews } = await watch('stream', { kind: 'edit', inputs })
    expect(world.server.requests[0]!.form!.fields).toMatchObject({ stream: 'true', partial_images: '1' })
    expect(previews).toHaveLength(1)
  })

  it('are not asked for unless the owner wants them', async () => {
    await start(0)
    const { previews } = await watch('stream')
    expect(world.server.requests[0]!.json).not.toHaveProperty('stream')
    expect(previews).toEqual([])
  })

  it.each<[string, FakeBehaviour]>([
    ['JSON', 'ok'],
    ['events that are announced as something else', { name: 'custom', body: `: hi\n\n${partial}${completed}` }],
    ['no blank line after the last event', events(partial, completed.trimEnd())],
    ['line ends of another kind', events((partial + completed).replaceAll('\n', '\r\n'))],
    ['bytes in pieces of any size', events(...`\uFEFF${partial}${completed}`.match(/[^]{1,7}/g)!)],
    ['no names of events', events(`data: {"type":"image_generation.completed","b64_json":"${b64_json}"}\n\n`)],
    ['another kind of answer in an event', events(`data: {"created":1,"data":[{"b64_json":"${b64_json}"}]}\n\n`)],
    [
      'heartbeats, retries and what nobody knows',
      events(
        ': ping\n\n'.repeat(1000),
        'retry: 100\n\nid: 7\nevent: ping\ndata: {}\n\nevent: x\ndata:\n\nnonsense\n\ndata: [1]\n\ndata: {not json\n\n',
        completed
      )
    ],
    [
      'previews that are none',
      events(
        sse({ type: 'image_generation.partial_image' }),
        sse({ type: 'image_generation.partial_image', b64_json: 'bm8gcGljdHVyZQ==' }),
        sse({ type: 'image_generation.partial_image', b64_json: '~~~' }),
        completed
      )
    ]
  ])('may be missing: a server that answers with %s', async (_what, behaviour) => {
    await start()
    expect((await watch(behaviour)).bytes.length).toBeGreaterThan(0)
  })

  it('and the words of the last event are those of the image', async () => {
    await start()
    expect((await watch(events(completed))).report).toEqual({ quality: 'high' })
  })

  it.each([
    [
      'the field by name',
      { error: { message: "Unknown parameter: 'stream'.", param: 'stream', code: 'unknown_parameter' } }
    ],
    ['previews alone', { detail: [{ loc: ['body', 'partial_images'], type: 'extra_forbidden', msg: 'Extra inputs' }] }],
    ['in a sentence', { error: { message: 'Streaming is not supported for this model.' } }]
  ])('are given up for good where a server refuses %s', async (_how, body) => {
    await start()
    world.server.setBehaviour({
      choose: ({ json }) => (json && 'stream' in json ? { name: 'custom', status: 400, body } : 'ok')
    })
    const run = () => world.generate()
    await run()
    await run()
    expect(world.server.requests.map(({ json }) => ['stream' in json!, 'partial_images' in json!])).toEqual([
      [true, true],
      [false, false],
      [false, false]
    ])
  })
})

describe('a stream that goes wrong', () => {
  it('is read no further than its image', async () => {
    await start()
    await watch({ name: 'events', pieces: [completed, ': and on\n\n'], end: 'again' })
    await expect.poll(() => world.server.requests[0]!.abandoned).toBe(true)
  })

  it.each<[string, FakeBehaviour, string]>([
    ['breaks off', { name: 'events', pieces: [partial, completed.slice(0, 80)], end: 'break' }, 'broke off'],
    ['ends without an image', events(partial), 'without an image'],
    ['is empty', events(), 'without an image'],
    [
      'never stops sending comments',
      { name: 'events', pieces: [`: ${'x'.repeat(60_000)}\n\n`], end: 'again' },
      'more bytes'
    ],
    [
      'never stops sending events',
      { name: 'events', pieces: [`data: {"a":"${'x'.repeat(60_000)}"}\n\n`], end: 'again' },
      'more bytes'
    ],
    ['never stops sending previews', { name: 'events', pieces: [partial], end: 'again' }, 'more bytes'],
    [
      'has an event without an end',
      { name: 'events', pieces: ['data: ', 'x'.repeat(60_000)], end: 'again' },
      'more bytes'
    ],
    [
      'has a line in an event for ever',
      { name: 'events', pieces: [`data: ${'x'.repeat(60_000)}\n`], end: 'again' },
      'more bytes'
    ]
  ])('fails when it %s', async (_what, behaviour, words) => {
    await start()
    await failing(behaviour).toMatchObject({ fault: 'bad_output', message: expect.stringContaining(words) })
  })

  it('may have as many previews as are believed, and not one more', async () => {
    await start()
    expect((await watch(events(...Array<string>(20).fill(partial), completed))).previews).toHaveLength(20)
    await failing(events(...Array<string>(21).fill(partial), completed)).toMatchObject({ fault: 'bad_output' })
  })

  it.each([
    ['server_error', null, 'The GPU fell asleep.', 'crashed'],
    ['server_error', null, 'CUDA out of memory', 'out_of_memory'],
    ['image_generation_user_error', 'moderation_blocked', 'Rejected by the safety system.', 'content_rejected'],
    ['requests', 'rate_limit_exceeded', 'Slow down.', 'busy'],
    ['invalid_request_error', null, 'The prompt is too long.', 'bad_request']
  ])('tells its fault: %s %s', async (type, code, message, fault) => {
    await start()
    await failing(events(partial, sse({ type: 'error', error: { type, code, message, param: null } }))).toMatchObject({
      fault,
      message: expect.stringContaining(message)
    })
    await failing(events(`data: ${JSON.stringify({ error: { type, code, message } })}\n\n`)).toMatchObject({ fault })
  })

  it('is left when nobody wants its image any more', async () => {
    await start()
    world.server.setBehaviour({ default: { name: 'events', pieces: [': ping\n\n'], end: 'again' } })
    const abort = new AbortController()
    const making = world.engine.generate(task(), createTestRun({ signal: abort.signal }))
    await expect.poll(() => world.server.requests.length).toBe(1)
    abort.abort(new Error('not wanted'))
    await expect(making).rejects.toThrow('not wanted')
    await expect.poll(() => world.server.requests[0]!.abandoned).toBe(true)
  })
})
