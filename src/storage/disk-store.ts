import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, opendir, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { createQueue } from '../lib/async.ts'
import { isDiskFault } from '../lib/fault.ts'
import { syncFolder as reallySync } from '../lib/folders.ts'
import { freeBytesAt } from '../lib/free-bytes.ts'
import { releaseBytes } from '../lib/release-bytes.ts'
import { readPieces } from '../lib/read-pieces.ts'
import { createObjectFolders } from './object-folders.ts'
import { isObjectKey, requireObjectKey } from './object-keys.ts'
import { Measure } from './measure-stream.ts'
import { ExactStream } from './exact-stream.ts'
import {
  ObjectDamaged,
  type ObjectStore,
  ObjectTooLarge,
  type OpenOptions,
  type PutOptions,
  StoreUnavailable
} from './object-store.ts'

/**
 * Further errors, beside those of `isDiskFault`, that say the disk and not the sender is at fault, of the files of a store: nothing
 * may be opened, its folders are gone, something is in their place, or it was taken away.
 */
const STORE_FAULTS = new Set(
  'EFBIG EACCES EPERM EMFILE ENFILE ENOENT ENOTDIR EEXIST EISDIR ELOOP ESTALE ENODEV ENXIO'.split(' ')
)

/** More would have what others do with files wait for a slow disk. */
const REMOVED_AT_ONCE = 8
const BATCH_BYTES = 256 * 1024
/** Of a slow sender whose pieces are tiny: each takes more memory than it has bytes. */
const MOST_PIECES = 64

/** Folders that a store has below its own: one of objects, one of what becomes objects. */
export const STORE_FOLDERS = ['objects', 'unfinished'] as const

/**
 * A folder. An object is written to a temporary file, synced, renamed into place, and the folder synced: a reader
 * never sees half of one, and none is lost to a power cut. One that `isNew` has its name before both are synced.
 * `isShared`: another process may be writing to it.
 */
export async function openDiskStore(
  root: string,
  {
    syncFolder = reallySync,
    syncFile = (file) => file.sync(),
    isShared = false
  }: { syncFolder?: typeof reallySync; syncFile?: (file: FileHandle) => Promise<void>; isShared?: boolean } = {}
): Promise<ObjectStore> {
  const [objects, unfinished] = STORE_FOLDERS.map((name) => join(root, name)) as [string, string]
  const folders = createObjectFolders(root, syncFolder)
  await folders.keep(objects)
  // Whatever is left here was being written when the last process ended; nothing refers to it.
  if (!isShared) await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const inTurn = createQueue(REMOVED_AT_ONCE)
  let counter = 0

  const pathOf = (key: string): string => {
    requireObjectKey(key)
    return join(objects, key)
  }

  const write = async (file: FileHandle, source: Readable, { maxBytes, ownsPieces = false, signal }: PutOptions) => {
    const measure = new Measure(maxBytes)
    const batch = new Batch(file, ownsPieces)
    if (signal) addAbortSignal(signal, source)
    await readPieces(source, (piece) => {
      measure.take(piece)
      batch.add(piece)
      return batch.isFull ? batch.write() : true
    })
    await batch.write()
    return measure.result()
  }

  return {
    put: async (key, source, options) => {
      const target = pathOf(key)
      const temporary = join(unfinished, `${process.pid}-${counter++}`)
      const place = () => folders.place(temporary, target)
      const keepName = () => syncFolder(dirname(target))
      // Made while the bytes come; what goes wrong with it is met when they have.
      const made = folders.keep(dirname(target)).catch(() => undefined)
      try {
        const stored = await withNew(temporary, async (file) => {
          const written = await write(file, source, options)
          if (options.isNew) {
            await place()
            // Asked for together they are one write of the disk's journal, and the wait for one.
            await Promise.all([syncFile(file), keepName()])
          } else await syncFile(file)
          return written
        })
        if (!options.isNew) {
          await place()
          await keepName()
        }
        return stored
      } catch (error) {
        source.destroy()
        await made // Nothing goes on when it is over.
        const left = options.isNew ? [temporary, target] : [temporary]
        // What went wrong before is what counts.
        for (const path of left) await rm(path, { force: true }).catch(() => undefined)
        throw asStoreError(error)
      }
    },

    open: (key, options = {}) =>
      orStoreError(async () => {
        const file = await open(pathOf(key), 'r').catch(unlessMissing)
        if (!file) return undefined
        try {
          return await readExactly(file, options)
        } catch (error) {
          await file.close()
          throw error
        }
      }),
    link: async () => undefined,
    stat: (key) =>
      orStoreError(async () => {
        const facts = await stat(pathOf(key)).catch(unlessMissing)
        return facts && { bytes: facts.size }
      }),
    move: async (from, to) => {
      const [source, target] = [pathOf(from), pathOf(to)]
      return orStoreError(async () => {
        if (!(await isThere(source))) return false
        await folders.place(source, target)
        await syncFolder(dirname(target))
        await syncFolder(dirname(source))
        return true
      })
    },
    remove: async (keys) => {
      await orStoreError(async () => {
        const ends = await Promise.allSettled(keys.map((key) => inTurn(() => unlink(pathOf(key)).catch(unlessMissing))))
        for (const end of ends) if (end.status === 'rejected') throw end.reason
      })
    },
    dropEmptyFolders: (prefix) => orStoreError(() => dropEmpty(topOf(objects, prefix))),
    dropUnfinished: async () => undefined, // What a dead process left was removed when the folder was opened.
    list: (prefix) => listFolder(objects, prefix),
    askedAtMost: { probeMs: 1000, walkMs: 0 },

    freeBytes: () => freeBytesAt(objects)
  }
}

/** Each write is a trip to another thread, so several pieces go together. */
class Batch {
  readonly #file: FileHandle
  readonly #ownsPieces: boolean
  #pieces: Buffer[] = []
  #bytes = 0

  constructor(file: FileHandle, ownsPieces: boolean) {
    this.#file = file
    this.#ownsPieces = ownsPieces
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }

  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES || this.#pieces.length >= MOST_PIECES
  }

  /** Writes what was added, and is empty again. */
  async write(): Promise<true> {
    const [pieces, bytes] = [this.#pieces, this.#bytes]
    this.#pieces = []
    this.#bytes = 0
    if (bytes === 0) return true
    const { bytesWritten } = await this.#file.writev(pieces)
    // A disk that is nearly full takes a part, and says with the rest that it is.
    if (bytesWritten < bytes) await this.#file.writeFile(Buffer.concat(pieces).subarray(bytesWritten))
    if (this.#ownsPieces) for (const piece of pieces) releaseBytes(piece)
    return true
  }
}

/** Closes the file with the stream. */
async function readExactly(file: FileHandle, { bytes, range }: OpenOptions): Promise<Readable> {
  const { size } = await file.stat()
  if (bytes !== undefined && size !== bytes)
    throw new ObjectDamaged(`The object has ${size} bytes instead of ${bytes}.`)
  const exact = new ExactStream(range ? range.end - range.start + 1 : size)
  const reading = createReadStream('', { fd: file, ...range })
  // As its reader shall hear of it.
  reading.on('error', (error) => exact.destroy(asStoreError(error) as Error))
  exact.on('close', () => reading.destroy())
  return reading.pipe(exact)
}

/** The folder that holds all keys of a prefix. */
const topOf = (objects: string, prefix: string): string => join(objects, prefix.slice(0, prefix.lastIndexOf('/') + 1))

/** Removes the folders in a folder that hold nothing, or only such. */
async function dropEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(unlessMissing)
  for (const entry of entries ?? []) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name)
    await dropEmpty(path)
    await rmdir(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') unlessMissing(error)
    })
  }
}

async function* listFolder(objects: string, prefix: string) {
  // No more of the tree is read than what may hold such keys.
  for await (const path of filesBelow(topOf(objects, prefix))) {
    const key = relative(objects, path).split(sep).join('/')
    // What a person or their system left there, such as `.DS_Store`, is no object.
    if (!key.startsWith(prefix) || !isObjectKey(key)) continue
    const facts = await stat(path).catch(() => undefined) // Removed since the folder was read: no longer there to list.
    if (facts) yield { key, bytes: facts.size, modifiedAt: facts.mtimeMs }
  }
}

/**
 * The paths of all files in a folder and those below it, a few read at a time. `opendir` itself goes down as well, and takes
 * forty times as long where folders have thousands of files.
 */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await opendir(folder).catch(unlessMissing)
  if (!entries) return // There is none yet, or somebody has removed it; it is made with the next object.
  for await (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** Works with a new file, and closes it however that ends, once nothing is done with it any more. */
async function withNew<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openNew(path)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** For writing, and its folder with it when somebody has removed that. */
async function openNew(path: string): Promise<FileHandle> {
  const create = () => open(path, 'wx')
  return create().catch(async (error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true })
    return create()
  })
}

const isThere = async (path: string): Promise<boolean> => (await stat(path).catch(unlessMissing)) !== undefined

function unlessMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
}

const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code

async function orStoreError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asStoreError(error)
  }
}

function asStoreError(error: unknown): unknown {
  if (error instanceof ObjectTooLarge || error instanceof StoreUnavailable) return error
  const code = errorCode(error)
  return isDiskFault(error) || STORE_FAULTS.has(code ?? '')
    ? new StoreUnavailable(`The disk refused: ${code}`, { cause: error })
    : error
}
