import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import type { ImageTask } from '../../images/image-request.ts'
import type { Engine, EngineRun } from '../engine.ts'
import { createDemoEngine } from './demo-engine.ts'

const engines: Engine[] = []
const createEngine = (stepTimeMs = 0) => {
  const engine = createDemoEngine({ stepTimeMs })
  engines.push(engine)
  return engine
}
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close?.()))
})

const taskOf = (fields: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'demo',
  prompt: 'a red fox in the forest',
  seed: 7,
  size: { width: 64, height: 48 },
  steps: 4,
  extra: {},
  inputs: [],
  ...fields
})

type Inputs = Record<string, Buffer>

const withInputs = (inputs: Inputs, fields: Partial<ImageTask> = {}): ImageTask => {
  const { size: _, ...task } = taskOf({ kind: 'edit' })
  const list = Object.keys(inputs).map((name) => ({ name, mediaType: 'image/png', width: 1, height: 1 }))
  return { ...task, inputs: list, ...fields }
}

function watchedRun(inputs: Inputs = {}, signal: AbortSignal = new AbortController().signal) {
  const progress: [number, number][] = []
  const previews: { image: Uint8Array; mediaType: string; afterStep: number }[] = []
  const run: EngineRun = {
    signal,
    input: async (name) => Readable.from([inputs[name] as Buffer]),
    onWaiting: () => undefined,
    onBegun: () => undefined,
    onProgress: (step, steps) => progress.push([step, steps]),
    onPreview: (image, mediaType) => previews.push({ image, mediaType, afterStep: progress.at(-1)?.[0] ?? -1 })
  }
  return { run, progress, previews }
}

async function generate(engine: Engine, task: ImageTask, inputs: Inputs = {}) {
  const image = await engine.generate(task, watchedRun(inputs).run)
  return { ...image, bytes: await buffer(image.bytes) }
}

const pixelsOf = (bytes: Buffer) => sharp(bytes).raw().toBuffer({ resolveWithObject: true })

/** A picture with something in every corner. */
const photo = (width: number, height: number) =>
  sharp(Buffer.from(Array.from({ length: width * height * 3 }, (_, index) => (index * 7 + (index >> 5)) % 256)), {
    raw: { width, height, channels: 3 }
  })

describe('generating with the demo engine', () => {
  it('describes itself honestly', async () => {
    const description = await createEngine().describe(new AbortController().signal)
    expect(description.models).toEqual([])
    expect(description.summary).toContain('no weights')
  })

  it.each([
    [16, 16],
    [333, 97],
    [4096, 256]
  ])('delivers exactly %i × %i', async (width, height) => {
    const { bytes, mediaType } = await generate(createEngine(), taskOf({ size: { width, height } }))
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width, height, hasAlpha: false })
    expect(mediaType).toBe('image/png')
  })

  it('paints 1024 × 1024 when no size is asked for', async () => {
    const { size: _, ...task } = taskOf()
    const { bytes } = await generate(createEngine(), task)
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 1024, height: 1024 })
  })

  it('gives the same pixels again for the same seed, in every engine, and others for another seed', async () => {
    const engine = createEngine()
    const [one, again, other] = await Promise.all([
      generate(engine, taskOf()),
      generate(createEngine(), taskOf()),
      generate(engine, taskOf({ seed: 8 }))
    ])
    expect(one.bytes.equals(again.bytes)).toBe(true)
    expect(one.bytes.equals(other.bytes)).toBe(false)
    expect([one.seed, other.seed]).toEqual([7, 8])
  })

  it.each(['png', 'jpeg', 'webp'] as const)('encodes %s', async (output_format) => {
    const { bytes, mediaType } = await generate(createEngine(), taskOf({ output_format, output_compression: 50 }))
    expect((await sharp(bytes).metadata()).format).toBe(output_format)
    expect(mediaType).toBe(`image/${output_format}`)
  })

  it.each(['jpeg', 'webp'] as const)('makes a smaller %s of a lower output compression', async (output_format) => {
    const engine = createEngine()
    const task = taskOf({ output_format, size: { width: 128, height: 128 } })
    const small = await generate(engine, { ...task, output_compression: 10 })
    const large = await generate(engine, { ...task, output_compression: 100 })
    expect(small.bytes.length).toBeLessThan(large.bytes.length / 2)
  })

  it.each(['png', 'webp'] as const)('paints on a transparent ground as %s', async (output_format) => {
    const { bytes } = await generate(createEngine(), taskOf({ output_format, background: 'transparent' }))
    const { data, info } = await pixelsOf(bytes)
    expect(info.channels).toBe(4)
    expect(data[3]).toBe(0)
    expect(data[(24 * 64 + 32) * 4 + 3]).toBe(255)
  })

  it('says in one sentence each what it did not use', async () => {
    const { warnings } = await generate(
      createEngine(),
      taskOf({
        sampler: 'euler',
        guidance_scale: 7,
        quality: 'hd',
        style: 'vivid',
        strength: 0.5,
        steps: 400,
        background: 'transparent',
        output_format: 'jpeg',
        extra: { cfg_rescale: 0.7 }
      })
    )
    expect(warnings).toHaveLength(8)
    expect(warnings).toContain("The demo painter has no 'cfg_rescale'; it was not used.")
    expect(warnings).toContain("The demo painter has no 'guidance_scale'; it was not used.")
  })

  it('has no warnings about what it honours', async () => {
    const task = taskOf({ quality: 'auto', negative_prompt: 'red', background: 'opaque', output_compression: 80 })
    expect((await generate(createEngine(), task)).warnings).toEqual([])
  })
})

describe('progress of the demo engine', () => {
  it('tells every step in order and shows previews that can be decoded between', async () => {
    const { run, progress, previews } = watchedRun()
    await createEngine().generate(taskOf({ steps: 20, size: { width: 512, height: 256 } }), run)
    expect(progress).toEqual(Array.from({ length: 21 }, (_, step) => [step, 20]))
    expect(previews.map(({ afterStep }) => afterStep)).toEqual([4, 8, 12, 16])
    for (const { image, mediaType } of previews) {
      expect(mediaType).toBe('image/jpeg')
      expect(await sharp(image).metadata()).toMatchObject({ format: 'jpeg', width: 256, height: 128 })
    }
  })

  it('caps the steps', async () => {
    const { run, progress } = watchedRun()
    await createEngine().generate(taskOf({ steps: 1000 }), run)
    expect(progress.at(-1)).toEqual([150, 150])
  })

  it('takes at least the time of its steps', async () => {
    const started = performance.now()
    await createEngine(20).generate(taskOf({ steps: 5 }), watchedRun().run)
    expect(performance.now() - started).toBeGreaterThanOrEqual(95)
  })

  it('stops with the reason of an abort at once, and works on', async () => {
    const engine = createEngine(60_000)
    const stop = new AbortController()
    const { run, progress } = watchedRun({}, stop.signal)
    const generating = engine.generate(taskOf(), run)
    const reason = new Error('lease lost')
    setTimeout(() => stop.abort(reason), 20)
    await expect(generating).rejects.toBe(reason)
    expect(progress).toEqual([[0, 4]])
    await expect(engine.generate(taskOf(), watchedRun({}, stop.signal).run)).rejects.toBe(reason)
  })

  it('stops a large painting half way and paints the next', async () => {
    const engine = createEngine()
    const stop = new AbortController()
    const generating = engine.generate(taskOf({ size: { width: 4096, height: 4096 } }), watchedRun({}, stop.signal).run)
    setTimeout(() => stop.abort(new Error('canceled')), 150)
    await expect(generating).rejects.toThrow('canceled')
    expect((await generate(engine, taskOf())).bytes.length).toBeGreaterThan(0)
  })

  it('stops while it waits for an input', async () => {
    const stop = new AbortController()
    const { run } = watchedRun({}, stop.signal)
    const stuck = { ...run, input: async () => new Readable({ read: () => undefined }) }
    const generating = createEngine().generate(withInputs({ image0: Buffer.alloc(0) }), stuck)
    setTimeout(() => stop.abort(new Error('gone')), 20)
    await expect(generating).rejects.toThrow('gone')
  })
})

describe('editing with the demo engine', () => {
  it('takes the upright size of the first image', async () => {
    const image0 = await photo(60, 40).jpeg().withMetadata({ orientation: 6 }).toBuffer()
    const { bytes } = await generate(createEngine(), withInputs({ image0 }), { image0 })
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 40, height: 60 })
  })

  it('keeps every pixel the mask does not mark and changes those it marks', async () => {
    const image0 = await photo(64, 64).png().toBuffer()
    const marked = Buffer.from(Array.from({ length: 64 * 64 }, (_, index) => (index % 64 < 32 ? 0 : 255)))
    const mask = await sharp(marked, { raw: { width: 64, height: 64, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const { bytes } = await generate(createEngine(), withInputs({ image0, mask }), { image0, mask })
    const [edited, source] = [await pixelsOf(bytes), await pixelsOf(image0)]
    let changed = 0
    for (let index = 0; index < marked.length; index++) {
      const at = [index * 3, index * 3 + 1, index * 3 + 2]
      const same = at.every((place) => edited.data[place] === source.data[place])
      if (marked[index] === 0) expect(same).toBe(true)
      else if (!same) changed++
    }
    expect(changed).toBeGreaterThan(2000)
  })

  it('keeps unmarked pixels of a source it had to resize', async () => {
    const image0 = await photo(100, 50).png().toBuffer()
    const mask = await sharp({ create: { width: 100, height: 50, channels: 3, background: '#000' } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const size = { width: 48, height: 48 }
    const { bytes } = await generate(createEngine(), withInputs({ image0, mask }, { size }), { image0, mask })
    const expected = await sharp(image0).resize(48, 48, { fit: 'cover' }).raw().toBuffer()
    expect((await pixelsOf(bytes)).data.equals(expected)).toBe(true)
  })

  it('shows a second image', async () => {
    const image0 = await photo(64, 64).png().toBuffer()
    const image1 = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#0a6' } })
      .png()
      .toBuffer()
    const engine = createEngine()
    const [alone, both] = [
      await generate(engine, withInputs({ image0 }), { image0 }),
      await generate(engine, withInputs({ image0, image1 }), { image0, image1 })
    ]
    const { data } = await pixelsOf(both.bytes)
    expect([...data.subarray((54 * 64 + 10) * 3, (54 * 64 + 10) * 3 + 3)]).toEqual([0, 170, 102])
    expect(alone.bytes.equals(both.bytes)).toBe(false)
  })

  it('varies an image without a prompt', async () => {
    const image0 = await photo(64, 64).png().toBuffer()
    const engine = createEngine()
    const task = withInputs({ image0 }, { kind: 'variation', prompt: '' })
    const [one, other] = [
      await generate(engine, task, { image0 }),
      await generate(engine, { ...task, seed: 99 }, { image0 })
    ]
    expect(await sharp(one.bytes).metadata()).toMatchObject({ width: 64, height: 64 })
    expect(one.bytes.equals(other.bytes)).toBe(false)
    expect(one.warnings).toEqual([])
  })

  it('blames the request for inputs that are missing or no images', async () => {
    const engine = createEngine()
    const broken = withInputs({ image0: Buffer.from('not an image') })
    await expect(generate(engine, broken, { image0: Buffer.from('not an image') })).rejects.toMatchObject({
      name: 'EngineError',
      fault: 'bad_request'
    })
    await expect(generate(engine, withInputs({}))).rejects.toMatchObject({ fault: 'bad_request' })
  })
})

describe('the thread of the demo engine', () => {
  it('ends with the engine, and what it was painting fails', async () => {
    const engine = createEngine()
    const generating = engine.generate(taskOf({ size: { width: 4096, height: 4096 } }), watchedRun().run)
    const outcome = expect(generating).rejects.toMatchObject({ name: 'EngineError', fault: 'crashed' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    await engine.close?.()
    await outcome
    await expect(generate(engine, taskOf())).rejects.toMatchObject({ fault: 'crashed' })
  })

  it('does not keep an idle process alive', async () => {
    const script = `
      const { createDemoEngine } = await import(${JSON.stringify(new URL('./demo-engine.ts', import.meta.url).href)})
      const run = { signal: new AbortController().signal, onProgress() {}, onPreview() {} }
      const task = ${JSON.stringify(taskOf())}
      const { mediaType } = await createDemoEngine({ stepTimeMs: 0 }).generate(task, run)
      process.stdout.write(mediaType)`
    const options = { timeout: 20_000 }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], options)
    expect(stdout).toBe('image/png')
  })
})
