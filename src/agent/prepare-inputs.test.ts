import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { countPixelWork } from '../../tests/support/count-pixel-work.ts'
import type { ImageKind } from '../images/image-request.ts'
import { inspect, pattern, png16 } from '../../tests/support/test-images.ts'
import { prepareImage } from './prepare-image.ts'
import { prepareInputs } from './prepare-inputs.ts'

/** RGBA, red, with these alphas in one row. */
const withAlpha = (alphas: readonly number[]) =>
  sharp(Buffer.from(alphas.flatMap((alpha) => [255, 0, 0, alpha])), {
    raw: { width: alphas.length, height: 1, channels: 4 }
  })
    .png()
    .toBuffer()

/** Prepares files by their names, and reads all that comes of it. */
async function prepare(kind: ImageKind, files: Record<string, Buffer>, alphaMask = false) {
  const opened: string[] = []
  const prepared = await prepareInputs({
    kind,
    alphaMask,
    inputs: Object.keys(files).map((name) => ({ name, mediaType: 'image/png', width: 1, height: 1 })),
    open: async (name) => {
      opened.push(name)
      return Readable.from([files[name]!])
    },
    maxPixels: 10_000,
    signal: new AbortController().signal
  })
  const read = async (name: string) => buffer(await prepared.open(name))
  return { opened, inputs: prepared.inputs, warnings: prepared.warnings, read }
}

const pixelsOf = async (bytes: Buffer) => [...(await sharp(bytes).toColourspace('b-w').raw().toBuffer())]

describe('prepareInputs', () => {
  it('passes on unchanged what every engine takes, each fetched once', async () => {
    const files = {
      image0: await pattern(9, 7, 3).png().toBuffer(),
      image1: await pattern(8, 6, 3).jpeg().toBuffer(),
      image2: await pattern(5, 4, 4).webp().toBuffer()
    }
    const { inputs, opened, read } = await prepare('edit', files)
    expect(inputs).toEqual([
      { name: 'image0', mediaType: 'image/png', width: 9, height: 7 },
      { name: 'image1', mediaType: 'image/jpeg', width: 8, height: 6 },
      { name: 'image2', mediaType: 'image/webp', width: 5, height: 4 }
    ])
    for (const [name, bytes] of Object.entries(files)) expect(await read(name)).toEqual(bytes)
    expect(opened).toEqual(['image0', 'image1', 'image2'])
  })

  it('brings the others into that form: upright, 8 bits, RGB', async () => {
    const { inputs, read } = await prepare('edit', {
      image0: png16({ width: 4, height: 3, value: 0x4000, alpha: 0xffff }),
      image1: await pattern(9, 7, 3).toColourspace('cmyk').jpeg().toBuffer(),
      image2: await pattern(9, 7, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    })
    expect(inputs).toMatchObject([
      { mediaType: 'image/png', width: 4, height: 3 },
      { mediaType: 'image/png', width: 9, height: 7 },
      { mediaType: 'image/png', width: 7, height: 9 }
    ])
    for (const { name } of inputs) {
      expect(inspect(await read(name))).toMatchObject({ bitDepth: 8, colour: 'rgb', orientation: 1 })
    }
  })

  it('makes the mask canonical: opaque gray, white = change here', async () => {
    const image0 = await pattern(3, 1, 3).png().toBuffer()
    const { inputs, read } = await prepare('edit', { image0, mask: await withAlpha([0, 255, 100]) })
    expect(inputs.at(-1)).toEqual({ name: 'mask', mediaType: 'image/png', width: 3, height: 1 })
    expect(inspect(await read('mask'))).toMatchObject({ colour: 'gray', hasAlpha: false, bitDepth: 8 })
    expect(await pixelsOf(await read('mask'))).toEqual([255, 0, 155])
  })

  it('takes the size of a turned image for that of its mask', async () => {
    const image0 = await pattern(9, 7, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const mask = await sharp({ create: { width: 7, height: 9, channels: 4, background: '#0000' } })
      .png()
      .toBuffer()
    expect((await prepare('edit', { image0, mask })).inputs.at(-1)).toMatchObject({ width: 7, height: 9 })
  })

  it('makes no mask of the transparency of an image', async () => {
    const hole = await withAlpha([0, 255])
    const { inputs, warnings, read } = await prepare('edit', { image0: hole })
    expect(inputs.map(({ name }) => name)).toEqual(['image0'])
    expect(await read('image0')).toEqual(hole)
    expect(warnings).toEqual([])
  })

  it('makes one of the first image alone where an edit asks for it and sends none', async () => {
    const [opaque, hole] = [await withAlpha([255, 200]), await withAlpha([0, 200])]
    const { read, inputs, opened, warnings } = await prepare('edit', { image0: hole, image1: opaque }, true)
    expect(inputs.map(({ name }) => name)).toEqual(['image0', 'image1', 'mask'])
    expect(await pixelsOf(await read('mask'))).toEqual([255, 0])
    expect(opened).toEqual(['image0', 'image1'])
    expect(warnings).toEqual([])
    const without = await prepare('edit', { image0: opaque, image1: hole }, true)
    expect(without.inputs.map(({ name }) => name)).toEqual(['image0', 'image1'])
    expect(without.warnings).toEqual([expect.stringContaining('the whole image was edited')])
    const sent = await prepare('edit', { image0: hole, mask: await withAlpha([255, 0]) }, true)
    expect(await pixelsOf(await sent.read('mask'))).toEqual([0, 255])
    expect(sent.warnings).toEqual([])
  })

  it.each(['variation', 'generation'] as const)('makes none for a %s', async (kind) => {
    const files = kind === 'variation' ? { image0: await withAlpha([0, 255]) } : {}
    const { inputs, warnings } = await prepare(kind, files, true)
    expect(inputs.map(({ name }) => name)).toEqual(Object.keys(files))
    expect(warnings).toEqual([])
  })

  it('blames the request for what cannot be used', async () => {
    const image0 = await pattern(3, 1, 3).png().toBuffer()
    const fault = { name: 'EngineError', fault: 'bad_request' }
    await expect(prepare('edit', { image0: image0.subarray(0, -9) })).rejects.toMatchObject(fault)
    await expect(prepare('edit', { image0, mask: Buffer.from('text') })).rejects.toMatchObject(fault)
    await expect((await prepare('edit', { image0 })).read('image1')).rejects.toMatchObject(fault)
  })
})

describe('of a task that is not wanted any more', () => {
  const turned = () => pattern(9, 7, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer()

  /** Prepares these files, and aborts when so many have been opened. Returns how much pixel work began. */
  async function abortAfter(count: number, files: Record<string, Buffer>, more: { alphaMask?: boolean } = {}) {
    const abort = new AbortController()
    const reason = new Error('not wanted')
    const opened: string[] = []
    const work = await countPixelWork(async () => {
      const preparing = prepareInputs({
        kind: 'edit',
        alphaMask: false,
        ...more,
        inputs: Object.keys(files).map((name) => ({ name, mediaType: 'image/png', width: 1, height: 1 })),
        open: async (name) => {
          if (opened.push(name) === count) abort.abort(reason)
          return Readable.from([files[name]!])
        },
        maxPixels: 10_000,
        signal: abort.signal
      })
      await expect(preparing).rejects.toBe(reason)
    })
    return { opened, work }
  }

  it('no image is converted', async () => {
    const files = { image0: await turned(), image1: await turned(), image2: await turned() }
    expect(await abortAfter(1, files)).toEqual({ opened: ['image0'], work: 0 })
    expect(await abortAfter(2, files)).toEqual({ opened: ['image0', 'image1'], work: 1 })
  })

  it('no mask is made, neither of one that was sent nor of the transparency', async () => {
    const image0 = await withAlpha([0, 255, 0, 255])
    expect(await abortAfter(2, { image0, mask: image0 })).toEqual({ opened: ['image0', 'mask'], work: 0 })
    expect(await abortAfter(1, { image0 }, { alphaMask: true })).toEqual({ opened: ['image0'], work: 0 })
  })

  it('what came of it is not looked at', async () => {
    const image = await turned()
    const work = await countPixelWork(async () => {
      const task = { output_format: 'webp' as const }
      const aborted = AbortSignal.abort(new Error('not wanted'))
      await expect(prepareImage(image, task, { maxPixels: 10_000, signal: aborted })).rejects.toThrow('not wanted')
    })
    expect(work).toBe(0)
  })
})
