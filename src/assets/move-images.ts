import { createHash } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { createQueue } from '../lib/async.ts'
import { ObjectDamaged, type ObjectStore } from '../storage/object-store.ts'
import type { AssetStore } from './asset-store.ts'
import { hashOf } from './hash-of.ts'
import { PREFIXES } from './storage-keys.ts'

export interface MoveParts {
  /** Where they are, and where they are to be; see `createMovingStore`. */
  from: ObjectStore
  to: ObjectStore
  assets: Pick<AssetStore, 'hashesOf'>
  /** Removes each image where it was, once the other has been read back and found right, and the thumbnails at last. */
  deletesSource: boolean
  onProgress?: (report: Readonly<MoveReport>) => void
}

/** An image that was not moved: it is left where it was. */
export interface Unmoved {
  key: string
  /** `source`: its bytes there cannot be read, or are not those that were stored; `target`: what was read back, twice, is not what was written. */
  fault: 'source' | 'target'
}

export interface MoveReport {
  /** Copied, and read back. */
  moved: { images: number; bytes: number }
  /** There already, and read back. */
  there: number
  /** Deleted while they were being moved. */
  deleted: number
  unmoved: Unmoved[]
}

const AT_A_TIME = 500
const MOVED_AT_ONCE = 4
/** What somebody sets aside or puts back meanwhile has another name then. Nothing new comes where images come from. */
const MOST_LOOKS = 10

/**
 * Copies all images, and what is set aside, from one store to another, while others read, write and delete: each is compared with
 * the hash in its row while it is read, and read back. What was copied before is only read back, so it may be ended and begun anew at
 * any moment. Thumbnails are not copied: they are made again. Throws `StoreUnavailable`, after which it is begun anew, too.
 */
export async function moveImages(parts: MoveParts): Promise<MoveReport> {
  const report: MoveReport = { moved: { images: 0, bytes: 0 }, there: 0, deleted: 0, unmoved: [] }
  for (let look = 0; look < MOST_LOOKS; look++) {
    const before = handledIn(report)
    for (const prefix of [PREFIXES.images, PREFIXES.quarantine]) {
      await moveBelow(parts, { prefix, report, isFirst: look === 0 })
    }
    if (handledIn(report) === before) break
  }
  if (parts.deletesSource) {
    for (const prefix of [PREFIXES.thumbnails, PREFIXES.uploads]) await removeBelow(parts.from, prefix)
    for (const prefix of Object.values(PREFIXES)) await parts.from.dropEmptyFolders(prefix)
  }
  return report
}

interface Listed {
  key: string
  bytes: number
}

const handledIn = ({ moved, there, deleted, unmoved }: MoveReport): number =>
  moved.images + there + deleted + unmoved.length

/** All of them at the first look, then those that have another name since. */
async function moveBelow(
  parts: MoveParts,
  { prefix, report, isFirst }: { prefix: string; report: MoveReport; isFirst: boolean }
): Promise<void> {
  const inTurn = createQueue(MOVED_AT_ONCE)
  const isDone = async ({ key, bytes }: Listed): Promise<boolean> =>
    report.unmoved.some((one) => one.key === key) || (await parts.to.stat(key))?.bytes === bytes
  for await (const portion of portionsOf(parts.from, prefix)) {
    const hashes = await parts.assets.hashesOf(portion.map(({ key }) => key))
    const move = async (listed: Listed) => {
      if (!isFirst && (await isDone(listed))) return
      await moveOne(parts, { listed, expected: hashes.get(listed.key), report })
    }
    await Promise.all(portion.map((listed) => inTurn(() => move(listed))))
    parts.onProgress?.(report)
  }
}

async function* portionsOf(store: ObjectStore, prefix: string): AsyncGenerator<Listed[]> {
  let portion: Listed[] = []
  for await (const { key, bytes } of store.list(prefix)) {
    portion.push({ key, bytes })
    if (portion.length < AT_A_TIME) continue
    yield portion
    portion = []
  }
  if (portion.length > 0) yield portion
}

/** `expected`: the hash in its row; undefined of what has none, which is then compared with itself. */
async function moveOne(
  parts: MoveParts,
  { listed, expected, report }: { listed: Listed; expected: string | undefined; report: MoveReport }
): Promise<void> {
  const { from, to } = parts
  const { key, bytes } = listed
  const isThere = (await to.stat(key))?.bytes === bytes && (await isRight(parts, key, expected))
  // What was read wrong, there or here, is copied once more.
  for (let tries = isThere ? 0 : 2; tries > 0; tries--) {
    const copied = await copy(parts, listed, expected)
    if (copied === 'deleted') return void (report.deleted += 1)
    if (copied === 'copied' && (await isRight(parts, key, expected))) break
    if (!(await from.stat(key))) return void (report.deleted += 1)
    if (tries === 1) return void report.unmoved.push({ key, fault: copied === 'damaged' ? 'source' : 'target' })
  }
  if (isThere) report.there += 1
  else {
    report.moved.images += 1
    report.moved.bytes += bytes
  }
  if (parts.deletesSource) await from.remove([key])
}

async function isRight({ from, to }: MoveParts, key: string, expected: string | undefined): Promise<boolean> {
  const written = await hashOf(to, key)
  return written !== undefined && written === (expected ?? (await hashOf(from, key)))
}

async function copy(
  { from, to }: MoveParts,
  { key, bytes }: Listed,
  expected: string | undefined
): Promise<'copied' | 'deleted' | 'damaged'> {
  const source = await from.open(key)
  if (!source) return 'deleted'
  const check = new HashCheck(expected)
  // It may be over with a small image before the store has opened its file and begins to listen.
  check.once('error', () => undefined)
  let isSourceAtFault = false
  source.once('error', (error) => {
    isSourceAtFault = true
    check.destroy(error)
  })
  try {
    await to.put(key, source.pipe(check), { maxBytes: bytes })
  } catch (error) {
    source.destroy()
    if (!isSourceAtFault && !check.isOther) throw error
    return 'damaged'
  }
  // Whoever deletes an image removes it there first: see `createMovingStore`.
  if (await from.stat(key)) return 'copied'
  await to.remove([key])
  return 'deleted'
}

async function removeBelow(store: ObjectStore, prefix: string): Promise<void> {
  for await (const portion of portionsOf(store, prefix)) await store.remove(portion.map(({ key }) => key))
}

/** Passes bytes through, and fails at their end when they are not those of the hash. */
class HashCheck extends Transform {
  readonly #hash = createHash('sha256')
  readonly #expected: string | undefined
  isOther = false

  constructor(expected: string | undefined) {
    super()
    this.#expected = expected
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#hash.update(chunk)
    done(null, chunk)
  }

  override _flush(done: TransformCallback): void {
    this.isOther = this.#expected !== undefined && this.#hash.digest('hex') !== this.#expected
    done(this.isOther ? new ObjectDamaged('The object has other bytes than were stored.') : null)
  }
}
