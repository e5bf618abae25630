import { buffer } from 'node:stream/consumers'
import { afterEach, expect, it } from 'vitest'
import { pattern } from '../../tests/support/test-images.ts'
import type { SavedBytes } from '../assets/save-asset.ts'
import { stripMetadata } from '../images/metadata/strip-metadata.ts'
import { TRAINED } from '../images/metadata/source-type.ts'
import { silentLogger } from '../lib/logger.ts'
import { createImageMarker, type ImageMarker } from './image-marker.ts'

const opened: ImageMarker[] = []
afterEach(async () => {
  for (const marker of opened.splice(0)) await marker.close()
})

/** A marker of images that lie in memory by their storage keys. */
function startMarker({ layers = ['xmp'], failSave = false } = {}) {
  const images = new Map<string, Buffer>()
  let stored = 0
  const put = (bytes: Buffer): SavedBytes => {
    const storageKey = `images/${++stored}`
    images.set(storageKey, bytes)
    const facts = { sha256: '', width: 8, height: 8, hasAlpha: false, mediaType: 'image/png' as const }
    return { assetId: storageKey, storageKey, isShared: false, bytes: bytes.length, ...facts }
  }
  const marker = createImageMarker({
    layers,
    logger: silentLogger(),
    assets: {
      readBytes: ({ storage_key: key }) => Promise.resolve(images.get(key)!),
      save: async (source) => {
        if (failSave) throw new Error('the disk is full')
        return put(await buffer(source))
      },
      discard: ({ storageKey }) => {
        images.delete(storageKey)
        return Promise.resolve()
      }
    }
  })
  opened.push(marker)
  return { marker, images, put }
}

const MADE = { isComposite: false }
const png = () => pattern(8, 8, 3).png().toBuffer()

it('puts the marked image in the place of the other', async () => {
  const { marker, images, put } = startMarker()
  const saved = put(await png())
  const marked = await marker.mark(saved, MADE)
  expect([...images.keys()]).toEqual([marked.saved.storageKey])
  expect(stripMetadata(images.get(marked.saved.storageKey)!, 'image/png').sourceType).toBe(TRAINED)
  expect(marked.warnings).toEqual([])
})

it('loses no image that it cannot mark, and says so', async () => {
  const { marker, images, put } = startMarker()
  const saved = put(Buffer.from('no image at all'))
  expect(await marker.mark(saved, MADE)).toEqual({
    saved,
    warnings: ['The image could not be marked as made by a machine.']
  })
  expect([...images.keys()]).toEqual([saved.storageKey])
  expect(marker.unmarked()).toBe(1)
  // The next one is not held up by it.
  expect((await marker.mark(put(await png()), MADE)).warnings).toEqual([])
})

it('leaves the image as it was when the store fails', async () => {
  const { marker, images, put } = startMarker({ failSave: true })
  const saved = put(await png())
  await expect(marker.mark(saved, MADE)).rejects.toThrow('the disk is full')
  expect([...images.keys()]).toEqual([saved.storageKey])
})

it('does nothing at all unless the operator wants it', async () => {
  const { marker, images, put } = startMarker({ layers: [] })
  const saved = put(await png())
  images.clear()
  expect(await marker.mark(saved, MADE)).toEqual({ saved, warnings: [] })
})

it('marks many at once, each as its own', async () => {
  const { marker, images, put } = startMarker()
  const sizes = [8, 9, 10, 11, 12, 13]
  const marked = await Promise.all(
    sizes.map(async (side) => marker.mark(put(await pattern(side, side, 3).png().toBuffer()), MADE))
  )
  expect(marked.map(({ saved }) => images.get(saved.storageKey)!.readUInt32BE(16))).toEqual(sizes)
})
