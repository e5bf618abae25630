/**
 * How fast thumbnails are made and read, and how much memory that takes.
 *
 *   node bench/thumbnails.ts [images = 40]
 *
 * Stores pictures in a temporary folder and asks for thumbnails of all of them at once, as a gallery does: two are made
 * at a time. Then asks for them again.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import type { AssetRow } from '../src/assets/asset-store.ts'
import { storageKeyOf } from '../src/assets/storage-keys.ts'
import { chooseThumbnail, createThumbnails } from '../src/assets/thumbnails.ts'
import { createUnreadableBytes } from '../src/assets/unreadable-bytes.ts'
import type { OutputFormat } from '../src/images/media-types.ts'
import { newId } from '../src/lib/ids.ts'
import { silentLogger } from '../src/lib/logger.ts'
import { openDiskStore } from '../src/storage/disk-store.ts'
import { forgetPeak, peakMemory } from '../tests/support/measure-memory.ts'

const IMAGES = Number(process.argv[2] ?? 40)
const AT_ONCE = 2
const CACHED_READS = 4000
const MIB = 1024 * 1024

const folder = await mkdtemp(join(tmpdir(), 'thumbnails-bench-'))
const store = await openDiskStore(folder)
const rows = new Map<string, AssetRow>()
const thumbnails = createThumbnails({
  unreadable: createUnreadableBytes({ logger: silentLogger() }),
  store,
  rows: { findAsset: async (id) => rows.get(id) },
  atOnce: AT_ONCE
})
const left = new AbortController().signal

for (const [side, from] of [
  [1024, 'png'],
  [1024, 'jpeg'],
  [4096, 'png']
] as const) {
  const assets = await addImages(side, from)
  for (const wish of [{ width: 256 }, { width: 512 }, { width: 256, format: 'jpeg' as const }]) {
    await measureMaking(`${side}² ${from} to ${wish.width} ${wish.format ?? 'webp'}`, assets, wish)
  }
  if (side === 1024) await measureMaking(`${side}² ${from} whole as webp`, assets, { width: 2048 })
}
const [one] = rows.values()
if (one) await measureReading(one)
await rm(folder, { recursive: true })

/** Different pictures, neither plain nor noise: what compresses about as painted ones do. */
async function addImages(side: number, format: OutputFormat): Promise<AssetRow[]> {
  const assets: AssetRow[] = []
  for (let index = 0; index < IMAGES; index++) {
    const noise = { type: 'gaussian' as const, mean: 80 + index, sigma: 40 }
    const small = sharp({ create: { width: side / 8, height: side / 8, channels: 3, background: 'red', noise } })
    const bytes = await sharp(await small.png().toBuffer())
      .resize(side)
      .toFormat(format)
      .toBuffer()
    const id = newId('ast')
    const asset = { id, storage_key: storageKeyOf(id), media_type: `image/${format}`, width: side, height: side }
    await store.put(asset.storage_key, Readable.from([bytes]), {
      maxBytes: bytes.length
    })
    rows.set(id, asset as AssetRow)
    assets.push(asset as AssetRow)
  }
  return assets
}

async function measureMaking(
  name: string,
  assets: AssetRow[],
  wish: { width: number; format?: OutputFormat }
): Promise<void> {
  await forgetPeak(process.pid)
  const idle = process.memoryUsage.rss()
  const began = performance.now()
  await Promise.all(assets.map((asset) => thumbnail(asset, wish)))
  const ms = performance.now() - began
  const memory = ((await peakMemory(process.pid)) - idle) / MIB
  const each = `${((ms / IMAGES) * AT_ONCE).toFixed(1).padStart(7)} ms each`
  const rate = `${((IMAGES / ms) * 1000).toFixed(1).padStart(7)} per second`
  console.log(`${name.padEnd(28)} ${each} ${rate} ${memory.toFixed(0).padStart(5)} MiB above idle`)
}

async function measureReading(asset: AssetRow): Promise<void> {
  const began = performance.now()
  for (let index = 0; index < CACHED_READS; index++) await buffer(await (await thumbnail(asset, { width: 256 })).open())
  const perSecond = (CACHED_READS / (performance.now() - began)) * 1000
  console.log(`${'one that is stored'.padEnd(28)} ${perSecond.toFixed(0).padStart(26)} per second`)
}

async function thumbnail(asset: AssetRow, wish: { width: number; format?: OutputFormat }) {
  const kind = chooseThumbnail(asset, wish)
  if (!kind) throw new Error('the image itself was chosen')
  return thumbnails.get(asset, kind, left)
}
