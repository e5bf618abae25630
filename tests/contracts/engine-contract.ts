import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Engine, EngineError, type EngineImage } from '../../src/engines/engine.ts'
import { ENGINES } from '../../src/engines/engine-descriptions.ts'
import type { Feature, ImageTask, Size, TaskInput } from '../../src/images/image-request.ts'
import { createTestRun } from '../support/engine-run.ts'

export interface EngineUnderTest {
  engine: Engine
  /**
   * Makes the image server never finish the next image; the answer resolves once it works on it. Absent for an engine
   * that has no server: its work is aborted right after the call.
   */
  stallNext?(): { working: Promise<void> }
  /** Names, or whatever holds them, of the models that the image server has in memory. Absent: it knows no loading. */
  loaded?(): Promise<string> | string
  /** Takes the image server away. Absent for an engine that has none. */
  stopServer?(): Promise<void>
  /** Closes the server; the contract closes the engine. */
  close(): Promise<void>
}

export interface EngineContract {
  /** A fresh engine, and server, for every test. */
  makeEngine(): Promise<EngineUnderTest>
  /** What the model of the contract can do; absent: whatever any model of the engine can. */
  features?: readonly Feature[]
  /** Laid over every task of the contract, such as the model's name. */
  task?: Partial<ImageTask>
}

const NODE_FAULTS = ['unreachable', 'crashed']
const SIZE: Size = { width: 192, height: 128 }
/** Pixels beside the border of a mask in which engines may blend. */
const MASK_EDGE = 8
const BLUE = { r: 20, g: 60, b: 200 }
const GREEN = { r: 30, g: 180, b: 60 }

/** What every engine must do, told apart by the features that it declares. Call it at the top of a test file. */
export function describeEngineContract(name: string, contract: EngineContract): void {
  describe(`engine contract: ${name}`, () => {
    let subject: EngineUnderTest
    beforeEach(async () => {
      subject = await contract.makeEngine()
    })
    afterEach(async () => {
      await subject.engine.close?.()
      await subject.close()
    })

    const task = (more: Partial<ImageTask> = {}): ImageTask => ({
      kind: 'generation',
      model: 'fake-image',
      prompt: 'a red fox in the snow',
      seed: 7,
      inputs: [],
      extra: {},
      ...contract.task,
      ...more
    })
    const generate = async (more: Partial<ImageTask>, inputs: Record<string, Uint8Array> = {}) =>
      read(await subject.engine.generate(task(more), createTestRun({ inputs })))
    const declares = (...features: Feature[]) => {
      const description = ENGINES.find((one) => one.name === subject.engine.name)
      return features.every((feature) => (contract.features ?? description!.features).includes(feature))
    }

    it('is described by its name, and tells what its server is', async () => {
      expect(declares('generate')).toBe(true)
      const description = await subject.engine.describe(new AbortController().signal)
      expect(description.models.every((model) => model.length > 0)).toBe(true)
      expect(description.summary).toMatch(/^\S.*$/)
    })

    it('makes an image of the asked size', async () => {
      const image = await generate({ size: SIZE })
      expect(image).toMatchObject({ ...SIZE, mediaType: `image/${image.format}` })
      expect([null, 7]).toContain(image.seed)
    })

    it('makes an image of a size that fits few servers as it is, or says what it made of it', async () => {
      const { width, height, warnings } = await generate({ size: { width: 100, height: 60 } })
      if (width !== 100 || height !== 60) expect(warnings.join(' ')).toContain(`${width}x${height}`)
    })

    it('repeats an image by its seed', async ({ skip }) => {
      if (!declares('seed')) skip()
      const [first, again, other] = [
        await generate({ size: SIZE }),
        await generate({ size: SIZE }),
        await generate({ size: SIZE, seed: 8 })
      ]
      expect(again.pixels.equals(first.pixels)).toBe(true)
      expect(other.pixels.equals(first.pixels)).toBe(false)
    })

    it('does not mix two images made at once', async ({ skip }) => {
      if (!declares('seed')) skip()
      const wide = { size: SIZE, seed: 1, prompt: 'wide' }
      const tall = { size: { width: 128, height: 192 }, seed: 2, prompt: 'tall' }
      const together = await Promise.all([generate(wide), generate(tall)])
      const alone = [await generate(wide), await generate(tall)]
      expect(together.map((image) => image.width)).toEqual([192, 128])
      expect(together.map((image, index) => image.pixels.equals(alone[index]!.pixels))).toEqual([true, true])
    })

    it('tells progress that only grows', async () => {
      const run = createTestRun()
      await read(await subject.engine.generate(task({ size: SIZE, steps: 4 }), run))
      const parts = run.progress.map(({ step, steps }) => step / steps)
      expect(parts.every((part) => part >= 0 && part <= 1)).toBe(true)
      expect(parts).toEqual(parts.toSorted((a, b) => a - b))
    })

    it('does not start for a signal that has aborted', async () => {
      const reason = new Error('too late')
      const run = createTestRun({ signal: AbortSignal.abort(reason) })
      await expect(subject.engine.generate(task({ size: SIZE }), run)).rejects.toBe(reason)
    })

    it('rejects with the reason of an abort while it works, and goes on working after it', async () => {
      const reason = new Error('no longer wanted')
      const abort = new AbortController()
      const stalled = subject.stallNext?.()
      const work = subject.engine.generate(task({ size: SIZE }), createTestRun({ signal: abort.signal }))
      const rejected = expect(work).rejects.toBe(reason)
      await stalled?.working
      abort.abort(reason)
      await rejected
      expect(await generate({ size: SIZE })).toMatchObject(SIZE)
    })

    it('gives an edit the size of its image and makes it of that image', async ({ skip }) => {
      if (!declares('edit')) skip()
      const inputs = [imageInput('image0')]
      const blue = await generate({ kind: 'edit', inputs }, { image0: await flat(BLUE) })
      const green = await generate({ kind: 'edit', inputs }, { image0: await flat(GREEN) })
      expect(blue).toMatchObject(SIZE)
      expect(blue.pixels.equals(green.pixels)).toBe(false)
    })

    it('changes an image where its mask is white and nowhere else', async ({ skip }) => {
      if (!declares('edit', 'mask')) skip()
      const inputs = [imageInput('image0'), imageInput('mask')]
      const image = await generate({ kind: 'edit', inputs }, { image0: await flat(BLUE), mask: await leftHalfMask() })
      expect(image).toMatchObject(SIZE)
      for (let y = 0; y < SIZE.height; y += 8) {
        for (let x = SIZE.width / 2 + MASK_EDGE; x < SIZE.width; x += 8) {
          expect(distance(image, { x, y }, BLUE), `kept at ${x}, ${y}`).toBeLessThan(16)
        }
      }
      const changed = [32, 64].map((x) => distance(image, { x, y: 64 }, BLUE))
      expect(Math.max(...changed)).toBeGreaterThan(16)
    })

    it('uses every image of an edit', async ({ skip }) => {
      if (!declares('edit', 'multi_image')) skip()
      const inputs = [imageInput('image0'), imageInput('image1')]
      const image0 = await flat(BLUE)
      const first = await generate({ kind: 'edit', inputs }, { image0, image1: await flat(GREEN) })
      const second = await generate({ kind: 'edit', inputs }, { image0, image1: await flat({ r: 250, g: 250, b: 0 }) })
      expect(first.pixels.equals(second.pixels)).toBe(false)
    })

    it('varies an image without a prompt', async ({ skip }) => {
      if (!declares('variation')) skip()
      const inputs = [imageInput('image0')]
      const image = await generate({ kind: 'variation', prompt: '', inputs }, { image0: await flat(BLUE) })
      expect(image).toMatchObject(SIZE)
    })

    it('loads a model when it is told to, and says of one that there is not', async ({ skip }) => {
      const { engine } = subject
      if (!engine.warm) return skip()
      const { signal } = new AbortController()
      const outcome = await engine.warm(task().model, signal)
      if (subject.loaded) expect(await subject.loaded()).toContain(task().model)
      if (outcome === 'unsupported' || !subject.stopServer) return
      await expect(engine.warm('no such model.safetensors', signal)).rejects.toMatchObject({ fault: 'model_missing' })
      const reason = new Error('too late')
      await expect(engine.warm(task().model, AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(await generate({ size: SIZE })).toMatchObject(SIZE)
    })

    it('says that its server is gone, and not where it was', async ({ skip }) => {
      if (!subject.stopServer) return skip()
      await subject.stopServer()
      const attempts = [
        subject.engine.describe(new AbortController().signal),
        subject.engine.generate(task({ size: SIZE }), createTestRun()),
        subject.engine.warm?.(task().model, new AbortController().signal)
      ]
      for (const outcome of await Promise.allSettled(attempts)) {
        if (outcome.status === 'fulfilled' && [undefined, 'unsupported'].includes(outcome.value as undefined)) continue
        const { reason } = outcome as PromiseRejectedResult
        expect(reason).toBeInstanceOf(EngineError)
        expect(NODE_FAULTS).toContain((reason as EngineError).fault)
        expect((reason as EngineError).message).not.toMatch(/\d+\.\d+\.\d+\.\d+|localhost|:\d{2,5}/)
      }
    })
  })
}

interface ReadImage extends Size {
  format: string
  mediaType: string
  seed: number | null
  warnings: string[]
  /** RGB, row by row. */
  pixels: Buffer
}

async function read(image: EngineImage): Promise<ReadImage> {
  expect(image.warnings.every((warning) => typeof warning === 'string')).toBe(true)
  const bytes = await buffer(image.bytes)
  const { format } = await sharp(bytes).metadata()
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, height } = info
  return { width, height, format, mediaType: image.mediaType, seed: image.seed, warnings: image.warnings, pixels: data }
}

const imageInput = (name: string): TaskInput => ({ name, mediaType: 'image/png', ...SIZE })

const flat = (background: { r: number; g: number; b: number }): Promise<Buffer> =>
  sharp({ create: { ...SIZE, channels: 3, background } })
    .png()
    .toBuffer()

/** Canonical: one opaque channel, 255 = change. */
const leftHalfMask = (): Promise<Buffer> => {
  const row = Buffer.concat([Buffer.alloc(SIZE.width / 2, 255), Buffer.alloc(SIZE.width / 2, 0)])
  const raw = { ...SIZE, channels: 1 as const }
  return sharp(Buffer.concat(Array<Buffer>(SIZE.height).fill(row)), { raw })
    .toColourspace('b-w')
    .png()
    .toBuffer()
}

/** The largest difference of a channel. */
function distance(image: ReadImage, at: { x: number; y: number }, colour: { r: number; g: number; b: number }): number {
  const start = (at.y * image.width + at.x) * 3
  return Math.max(...[colour.r, colour.g, colour.b].map((value, band) => Math.abs(value - image.pixels[start + band]!)))
}
