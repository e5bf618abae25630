import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { HttpContext } from '../http-context.ts'
import { DataUrlLifter } from './data-url-lifter.ts'
import { LiftedImages } from './lifted-images.ts'

const MOST = 100

/** Saves that end when they are told to, and how many there were. */
function slowStore() {
  const counts = { begun: 0, open: 0, mostOpen: 0 }
  const save = async (bytes: Readable) => {
    counts.mostOpen = Math.max(counts.mostOpen, ++counts.open)
    counts.begun++
    await buffer(bytes)
    await new Promise((resolve) => setImmediate(resolve))
    counts.open--
    return { storageKey: 'key' }
  }
  const context = {
    config: { limits: {} },
    assets: { save, discard: async () => undefined }
  } as unknown as Pick<HttpContext, 'assets' | 'config'>
  return { counts, context }
}

/** Takes a body of so many tiny data URLs, in one chunk. */
async function lift(images: number) {
  const { counts, context } = slowStore()
  const lifted = new LiftedImages(context, MOST)
  const lifter = new DataUrlLifter({
    keys: new Set(['images']),
    maxTextBytes: 1_000_000,
    lift: (image) => lifted.lift(image),
    whenRoom: () => lifted.whenRoom()
  })
  const body = JSON.stringify({ images: Array<string>(images).fill('data:image/png;base64,AAAA') })
  const text = await buffer(Readable.from([Buffer.from(body)]).pipe(lifter)).catch((error: unknown) => error)
  await lifted.close()
  return { counts, text }
}

describe('many tiny images in a body', () => {
  it('are stored a few at a time', async () => {
    const { counts, text } = await lift(MOST)
    expect((JSON.parse(String(text)) as { images: string[] }).images).toHaveLength(MOST)
    expect(counts).toEqual({ begun: MOST, open: 0, mostOpen: 4 })
  })

  it('are refused at one more than a body may have, before that one is stored', async () => {
    for (const images of [MOST + 1, 20_000]) {
      const { counts, text } = await lift(images)
      expect(text).toMatchObject({ code: 'too_many_images', status: 400 })
      expect(counts).toMatchObject({ begun: MOST, open: 0, mostOpen: 4 })
    }
  })
})
