import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { readManifest } from '../../tests/support/read-manifest.ts'
import { pattern, pngChunk } from '../../tests/support/test-images.ts'
import type { AssetRow } from '../assets/asset-store.ts'
import type { SavedBytes } from '../assets/save-asset.ts'
import { stripMetadata } from '../images/metadata/strip-metadata.ts'
import { COMPOSITE, TRAINED } from '../images/metadata/source-type.ts'
import { createSteadyClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { makeSigningKey } from './make-certificate.ts'
import { createImageMarker, type ImageMarker, type MarkerConfig } from './image-marker.ts'
import { MAX_SIGNING_FILE_BYTES } from './signing-files.ts'

type Options = { layers?: string[]; failSave?: boolean } & Partial<MarkerConfig>

const opened: ImageMarker[] = []
let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'inference-club-'))
})
afterEach(async () => {
  for (const marker of opened.splice(0)) await marker.close()
  await rm(dataDir, { recursive: true })
})

/** A marker of images that lie in memory by their storage keys. */
async function startMarker({ layers = ['xmp'], failSave = false, ...config }: Options = {}) {
  const images = new Map<string, Buffer>()
  let stored = 0
  const put = (bytes: Buffer): SavedBytes => {
    const storageKey = `images/${++stored}`
    images.set(storageKey, bytes)
    const facts = { sha256: '', width: 8, height: 8, hasAlpha: false, mediaType: 'image/png' as const }
    return { assetId: storageKey, storageKey, isShared: false, bytes: bytes.length, ...facts }
  }
  const marker = createImageMarker({
    config: {
      dataDir,
      markImages: layers,
      c2paCertificate: undefined,
      c2paKey: undefined,
      timeStampUrl: undefined,
      ...config
    },
    clock: createSteadyClock(),
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
  await marker.load()
  return { marker, images, put }
}

/** The address of a server that answers so until the test ends. */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const MADE = { isComposite: false, listSources: () => Promise.resolve([]) }
const png = () => pattern(8, 8, 3).png().toBuffer()

it('puts the marked image in the place of the other', async () => {
  const { marker, images, put } = await startMarker()
  const saved = put(await png())
  const marked = await marker.mark(saved, MADE)
  expect([...images.keys()]).toEqual([marked.saved.storageKey])
  expect(stripMetadata(images.get(marked.saved.storageKey)!, 'image/png').sourceType).toBe(TRAINED)
  expect(marked.warnings).toEqual([])
})

it('loses no image that it cannot mark, and says so', async () => {
  const { marker, images, put } = await startMarker()
  const saved = put(Buffer.from('no image at all'))
  expect(await marker.mark(saved, MADE)).toEqual({
    saved,
    warnings: ['The image could not be marked as made by a machine.']
  })
  expect([...images.keys()]).toEqual([saved.storageKey])
  expect(marker.failures()).toEqual({ unmarked: 1, unstamped: 0 })
  // The next one is not held up by it.
  expect((await marker.mark(put(await png()), MADE)).warnings).toEqual([])
})

it('leaves the image as it was when the store fails', async () => {
  const { marker, images, put } = await startMarker({ failSave: true })
  const saved = put(await png())
  await expect(marker.mark(saved, MADE)).rejects.toThrow('the disk is full')
  expect([...images.keys()]).toEqual([saved.storageKey])
})

it('does nothing at all unless the operator wants it', async () => {
  const { marker, images, put } = await startMarker({ layers: [] })
  const saved = put(await png())
  images.clear()
  expect(await marker.mark(saved, MADE)).toEqual({ saved, warnings: [] })
})

it('marks many at once, each as its own', async () => {
  const { marker, images, put } = await startMarker()
  const sizes = [8, 9, 10, 11, 12, 13]
  const marked = await Promise.all(
    sizes.map(async (side) => marker.mark(put(await pattern(side, side, 3).png().toBuffer()), MADE))
  )
  expect(marked.map(({ saved }) => images.get(saved.storageKey)!.readUInt32BE(16))).toEqual(sizes)
})

describe('a manifest', () => {
  const SIGNED = ['xmp', 'c2pa']

  it('is valid to a program of others, and says that a model made it', async () => {
    const { marker, images, put } = await startMarker({ layers: SIGNED })
    const { saved, warnings } = await marker.mark(put(await png()), MADE)
    expect(warnings).toEqual([])
    const read = await readManifest(images.get(saved.storageKey)!)
    expect(read.failures).toEqual([])
    expect(read.actions).toEqual([{ action: 'c2pa.created', digitalSourceType: TRAINED }])
    expect(read.ingredients).toEqual([])
    expect(stripMetadata(images.get(saved.storageKey)!, 'image/png').sourceType).toBe(TRAINED)
  })

  it('of an edit names what it began with, and keeps the manifests of that', async () => {
    const { marker, images, put } = await startMarker({ layers: SIGNED })
    const first = (await marker.mark(put(await png()), MADE)).saved
    const plain = put(await png())
    const sources = [first, plain].map(
      ({ storageKey, bytes }) => ({ storage_key: storageKey, bytes, media_type: 'image/png' }) as AssetRow
    )
    const edit = { isComposite: true, listSources: () => Promise.resolve(sources) }
    const { saved } = await marker.mark(put(await png()), edit)
    const read = await readManifest(images.get(saved.storageKey)!)
    expect(read.failures).toEqual([])
    expect(read.actions.map(({ action }) => action)).toEqual(['c2pa.opened', 'c2pa.edited'])
    expect(read.actions[1]!.digitalSourceType).toBe(COMPOSITE)
    expect(read.ingredients).toEqual(['parentOf', 'inputTo'])
    expect(read.manifests).toBe(2)
    // Neither pixels of the source nor words of anybody: it is far smaller than a thumbnail would be.
    expect(read.bytes).toBeLessThan(20_000)
  })

  it('that came with the image stays in it, also where it is broken', async () => {
    const { marker, images, put } = await startMarker({ layers: SIGNED })
    const first = (await marker.mark(put(await png()), MADE)).saved
    const again = (await marker.mark(put(images.get(first.storageKey)!), MADE)).saved
    const read = await readManifest(images.get(again.storageKey)!)
    expect(read).toMatchObject({ failures: [], ingredients: ['parentOf'], manifests: 2 })
    expect(read.actions.map(({ action }) => action)).toEqual(['c2pa.opened', 'c2pa.edited.metadata'])

    const image = await png()
    const broken = Buffer.concat([image.subarray(0, 33), pngChunk('caBX', Buffer.from('none')), image.subarray(33)])
    const { saved, warnings } = await marker.mark(put(broken), MADE)
    expect(warnings).toEqual([])
    expect(await readManifest(images.get(saved.storageKey)!)).toMatchObject({ failures: [], manifests: 1 })
  })

  it('is fetched from nowhere, whatever an image names', async () => {
    const called: string[] = []
    const url = await listen(({ url: path = '' }, reply) => {
      called.push(path)
      reply.end()
    })
    const { marker, images, put } = await startMarker({ layers: SIGNED })
    const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="${url}"/></rdf:RDF></x:xmpmeta>`
    const image = await png()
    const chunk = pngChunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${xmp}`))
    const luring = put(Buffer.concat([image.subarray(0, 33), chunk, image.subarray(33)]))
    const source = { storage_key: luring.storageKey, bytes: luring.bytes, media_type: 'image/png' } as AssetRow
    const { saved } = await marker.mark(luring, { isComposite: true, listSources: () => Promise.resolve([source]) })
    expect((await readManifest(images.get(saved.storageKey)!)).failures).toEqual([])
    expect(called).toEqual([])
  })

  it('is signed with a key of its own that nobody else can read, and the same one after a restart', async () => {
    const signedBy = async () => {
      const { marker, images, put } = await startMarker({ layers: SIGNED })
      const { saved } = await marker.mark(put(await png()), MADE)
      return (await readManifest(images.get(saved.storageKey)!)).serialNumber
    }
    const first = await signedBy()
    expect(await signedBy()).toBe(first)
    const path = join(dataDir, 'provenance', 'signing.pem')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(new X509Certificate(await readFile(path)).serialNumber.toLowerCase()).toBe(first)
  })

  it('is signed with the files of the operator, which are refused when they do not fit', async () => {
    const [own, other] = [makeSigningKey(Date.now()), makeSigningKey(Date.now())]
    const [c2paCertificate, c2paKey] = [join(dataDir, 'certificate.pem'), join(dataDir, 'key.pem')]
    await writeFile(c2paCertificate, own.certificates)
    await writeFile(c2paKey, other.key)
    const options = { layers: SIGNED, c2paCertificate, c2paKey }
    await expect(startMarker(options)).rejects.toThrow('The key is not that of the first certificate.')
    await expect(startMarker({ ...options, c2paKey: join(dataDir, 'no') })).rejects.toThrow(
      'The file that INFERENCE_CLUB_C2PA_KEY names cannot be read (ENOENT).'
    )
    await writeFile(c2paKey, own.key)
    const { marker, images, put } = await startMarker(options)
    const { saved } = await marker.mark(put(await png()), MADE)
    const { serialNumber, failures } = await readManifest(images.get(saved.storageKey)!)
    expect(failures).toEqual([])
    expect(serialNumber).toBe(new X509Certificate(own.certificates).serialNumber.toLowerCase())
  })

  it.each(['c2paCertificate', 'c2paKey'] as const)(
    'is signed with a %s of so many bytes, and not one more',
    async (which) => {
      const own = makeSigningKey(Date.now())
      const files = { c2paCertificate: join(dataDir, 'certificate.pem'), c2paKey: join(dataDir, 'key.pem') }
      await writeFile(files.c2paCertificate, own.certificates)
      await writeFile(files.c2paKey, own.key)
      const text = which === 'c2paKey' ? own.key : own.certificates
      await writeFile(files[which], text.padEnd(MAX_SIGNING_FILE_BYTES, '\n'))
      await startMarker({ layers: SIGNED, ...files })
      await writeFile(files[which], text.padEnd(MAX_SIGNING_FILE_BYTES + 1, '\n'))
      await expect(startMarker({ layers: SIGNED, ...files })).rejects.toThrow(/has more than 65536 bytes/)
    }
  )

  it('goes without a time when the authority gives none, which is not asked again for each image', async () => {
    let asked = 0
    const timeStampUrl = await listen((_, reply) => {
      asked += 1
      reply.writeHead(503).end()
    })
    const { marker, images, put } = await startMarker({ layers: SIGNED, timeStampUrl })
    for (let image = 0; image < 3; image++) {
      const { saved, warnings } = await marker.mark(put(await png()), MADE)
      expect(warnings).toEqual([])
      expect((await readManifest(images.get(saved.storageKey)!)).failures).toEqual([])
    }
    expect(marker.failures()).toEqual({ unmarked: 0, unstamped: 3 })
    expect(asked).toBe(1)
  })
})
