import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { storedFiles } from '../../tests/support/stored-files.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { describeObjectStoreContract } from '../../tests/contracts/object-store-contract.ts'
import { wrapUntilTheEnd } from '../../tests/support/wrap-method.ts'
import { openDiskStore } from './disk-store.ts'
import { type ObjectStore, StoreUnavailable } from './object-store.ts'

const wrap = wrapUntilTheEnd()

describeObjectStoreContract('disk', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  return { store: await openDiskStore(root), cleanUp: () => rm(root, { recursive: true }) }
})

it('forgets what a dead process left unfinished', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  await mkdir(join(root, 'unfinished'))
  await writeFile(join(root, 'unfinished', '1-0'), 'half an image')
  await openDiskStore(root)
  expect(await readdir(join(root, 'unfinished'))).toEqual([])
  await rm(root, { recursive: true })
})

it('leaves what another process is writing', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  await mkdir(join(root, 'unfinished'))
  await writeFile(join(root, 'unfinished', '1-0'), 'half an image')
  await openDiskStore(root, { isShared: true })
  expect(await readdir(join(root, 'unfinished'))).toEqual(['1-0'])
  await rm(root, { recursive: true })
})

it('does not take what somebody else left there for objects', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  const store = await openDiskStore(root)
  await mkdir(join(root, 'objects', 'images'))
  await writeFile(join(root, 'objects', 'images', '.DS_Store'), 'a system')
  await writeFile(join(root, 'objects', 'images', 'Copy of ast_1'), 'a person')
  const listed = []
  for await (const { key } of store.list('images/')) listed.push(key)
  expect(listed).toEqual([])
  await rm(root, { recursive: true })
})

it('says that the disk is at fault when what should be a folder is none', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  const store = await openDiskStore(root)
  await store.put('images/one', Readable.from([Buffer.from('bytes')]), { maxBytes: 10 })
  await expect(store.dropEmptyFolders('images/one/')).rejects.toThrow(StoreUnavailable)
  await store.dropEmptyFolders('images/there-is-none/')
  await rm(root, { recursive: true })
})

it('tells whoever reads an object that it ends too early', async () => {
  const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
  const store = await openDiskStore(root)
  const bytes = 1_000_000
  await store.put('a/cut', Readable.from([Buffer.alloc(bytes)]), { maxBytes: bytes })
  const cases = [
    { left: 600_000 },
    { left: 600_000, range: { start: 500_000, end: 900_000 } },
    { left: bytes - 1 },
    { left: 899_999, range: { start: 500_000, end: 900_000 } }
  ]
  for (const { left, range } of cases) {
    await writeFile(join(root, 'objects', 'a', 'cut'), Buffer.alloc(bytes))
    const stream = await store.open('a/cut', { bytes, ...(range && { range }) })
    await truncate(join(root, 'objects', 'a', 'cut'), left)
    await expect(buffer(stream!)).rejects.toBeInstanceOf(StoreUnavailable)
  }
  await rm(root, { recursive: true })
})

describe('an object', () => {
  /** What is on the disk, below the root, whenever a file or its folder is synced; that is made meanwhile. */
  async function watchedStore() {
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const seen: { synced: string; bytes: string }[] = []
    const look = async (synced: string) => {
      const object = await readFile(join(root, 'objects/a/one'), 'utf8').catch(() => 'none')
      const [name] = await readdir(join(root, 'unfinished')).catch(() => [])
      const unfinished = name === undefined ? 'none' : await readFile(join(root, 'unfinished', name), 'utf8')
      seen.push({ synced, bytes: `${object}, unfinished ${unfinished}` })
    }
    const store = await openDiskStore(root, {
      syncFile: () => look('file'),
      syncFolder: async (path) => {
        if (basename(path) === 'a') await look(relative(root, path))
      }
    })
    return { root, store, seen }
  }
  const put = (store: ObjectStore, text: string, options: { isNew?: boolean } = {}) =>
    store.put('a/one', Readable.from([Buffer.from(text)]), { maxBytes: 100, ...options })

  it('is synced whole before it gets its name, and its name before it counts as stored', async () => {
    const { root, store, seen } = await watchedStore()
    await put(store, 'first')
    expect(seen).toEqual([
      { synced: 'file', bytes: 'none, unfinished first' },
      { synced: 'objects/a', bytes: 'first, unfinished none' }
    ])
    seen.length = 0
    await put(store, 'second')
    expect(seen).toEqual([
      { synced: 'file', bytes: 'first, unfinished second' },
      { synced: 'objects/a', bytes: 'second, unfinished none' }
    ])
    await rm(root, { recursive: true })
  })

  it('for which nobody asks yet gets its name when it is whole, and counts as stored when both are synced', async () => {
    const { root, store, seen } = await watchedStore()
    await put(store, 'first', { isNew: true })
    const whole = 'first, unfinished none'
    expect(seen.sort((a, b) => a.synced.localeCompare(b.synced))).toEqual([
      { synced: 'file', bytes: whole },
      { synced: 'objects/a', bytes: whole }
    ])
    await rm(root, { recursive: true })
  })

  it.each(['file', 'folder'])('for which nobody asks yet waits for its %s', async (slow) => {
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const sync = Promise.withResolvers<void>()
    let others = 0
    const syncOf = (what: string) => async (): Promise<void> => {
      if (what === slow) await sync.promise
      else others += 1
    }
    const store = await openDiskStore(root, {
      syncFile: syncOf('file'),
      syncFolder: (path) => (basename(path) === 'a' ? syncOf('folder')() : Promise.resolve())
    })
    let isStored = false
    const storing = put(store, 'x', { isNew: true }).then(() => (isStored = true))
    await waitFor(() => others === 1)
    expect(isStored).toBe(false)
    sync.resolve()
    await storing
    await rm(root, { recursive: true })
  })

  it.each([{}, { isNew: true }])('whose bytes or whose name cannot be synced is not stored (%o)', async (options) => {
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const failing = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
    const refused = (store: ObjectStore) => expect(put(store, 'x', options)).rejects.toBeInstanceOf(StoreUnavailable)
    await refused(await openDiskStore(root, { syncFile: failing }))
    expect(await storedFiles(root)).toEqual([])
    const syncFolder = (path: string) => (basename(path) === 'a' ? failing() : Promise.resolve())
    await refused(await openDiskStore(root, { syncFolder }))
    if (options.isNew) expect(await storedFiles(root)).toEqual([])
    await rm(root, { recursive: true })
  })

  it.each([
    ['that is stored', {}],
    ['that cannot be synced', { syncFile: () => Promise.reject(new Error('EIO')) }],
    [
      'whose folder cannot be made',
      {
        syncFolder: (path: string) => (path.includes('objects') ? Promise.reject(new Error('EIO')) : Promise.resolve())
      }
    ]
  ])('%s has its file closed', async (_which, how) => {
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const files: FileHandle[] = []
    const opened = await open(join(root, 'x'), 'w')
    wrap(Object.getPrototypeOf(opened) as FileHandle, 'writev', (original) => {
      return async function (this: FileHandle, pieces: Buffer[]) {
        files.push(this)
        return original.call(this, pieces)
      } as typeof original
    })
    await opened.close()
    const store = await openDiskStore(root, how)
    for (const isNew of [true, false]) await put(store, 'x', { isNew }).catch(() => undefined)
    expect(files.map(({ fd }) => fd)).toEqual([-1, -1])
    await rm(root, { recursive: true })
  })
})

describe('the folders of objects', () => {
  const options = { maxBytes: 1000 }
  const bytes = () => Readable.from([Buffer.from('x')])

  /** A store whose folders are synced when the test says so; `synced` are those that were asked for, below the root. */
  async function heldStore() {
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const synced: string[] = []
    const held = new Map<string, () => Promise<void>>()
    const store = await openDiskStore(root, {
      syncFolder: async (path) => {
        synced.push(relative(root, path))
        await held.get(relative(root, path))?.()
      }
    })
    return { root, store, synced, held, cleanUp: () => rm(root, { recursive: true }) }
  }

  it('are each synced in their parent, once, and the object in its own', async () => {
    const { store, synced, cleanUp } = await heldStore()
    expect(synced).toEqual([''])
    await store.put('images/ab/one', bytes(), options)
    expect(synced.splice(0)).toEqual(['', 'objects', 'objects/images', 'objects/images/ab'])
    await store.put('images/ab/two', bytes(), options)
    expect(synced.splice(0)).toEqual(['objects/images/ab'])
    await store.put('images/cd/three', bytes(), options)
    expect(synced).toEqual(['objects/images', 'objects/images/cd'])
    await cleanUp()
  })

  it('are made while the first object in them is still coming', async () => {
    const { root, store, synced, cleanUp } = await heldStore()
    const source = new Readable({ read: () => undefined })
    const put = store.put('images/ab/one', source, options)
    await waitFor(() => synced.includes('objects/images'))
    expect(await readdir(join(root, 'objects/images/ab'))).toEqual([])
    source.push('x')
    source.push(null)
    await put
    expect(synced).toEqual(['', 'objects', 'objects/images', 'objects/images/ab'])
    await cleanUp()
  })

  it('are waited for by all who store in them, not only by who made them', async () => {
    const { root, store, synced, held, cleanUp } = await heldStore()
    const parent = Promise.withResolvers<void>()
    held.set('objects/images', () => parent.promise)
    let done = 0
    const puts = ['one', 'two'].map(async (name) => {
      await store.put(`images/ab/${name}`, bytes(), options)
      done += 1
    })
    await waitFor(
      async () => synced.includes('objects/images') && (await readdir(join(root, 'unfinished'))).length === 2
    )
    expect(done).toBe(0)
    parent.resolve()
    await Promise.all(puts)
    await cleanUp()
  })

  it('of an earlier process are synced, too: it may have ended before that', async () => {
    const { root, store, cleanUp } = await heldStore()
    await store.put('images/ab/one', bytes(), options)
    const synced: string[] = []
    const again = await openDiskStore(root, { syncFolder: async (path) => void synced.push(relative(root, path)) })
    await again.put('images/ab/two', bytes(), options)
    expect(synced).toEqual(['', 'objects', 'objects/images', 'objects/images/ab'])
    await cleanUp()
  })

  it('are made and synced again when somebody has removed them, and a failed sync is not taken for one', async () => {
    const { root, store, synced, held, cleanUp } = await heldStore()
    await store.put('images/ab/one', bytes(), options)
    await rm(join(root, 'objects'), { recursive: true })
    synced.length = 0
    held.set('objects', () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })))
    await expect(store.put('images/ab/two', bytes(), options)).rejects.toBeInstanceOf(StoreUnavailable)
    held.delete('objects')
    await store.put('images/ab/two', bytes(), options)
    expect(synced).toEqual(['', 'objects', 'objects', 'objects/images', 'objects/images/ab'])
    expect(await store.stat('images/ab/two')).toEqual({ bytes: 1 })
    await cleanUp()
  })
})

describe('what is written', () => {
  const put = async (chunks: readonly Buffer[]) => {
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const store = await openDiskStore(root)
    await store.put('images/one', Readable.from(chunks), { maxBytes: 2_000_000 })
    expect(await buffer((await store.open('images/one'))!)).toEqual(Buffer.concat(chunks))
    await rm(root, { recursive: true })
  }
  const handles = async () => {
    const any = await open(fileURLToPath(import.meta.url))
    await any.close()
    return Object.getPrototypeOf(any) as Pick<FileHandle, 'writev'>
  }

  it('is written a few times, of however many pieces it comes in', async () => {
    const written: number[] = []
    wrap(await handles(), 'writev', (original) => {
      return function (this: FileHandle, pieces: Buffer[]) {
        written.push(pieces.length)
        return original.call(this, pieces)
      } as typeof original
    })
    await put(Array.from({ length: 24 }, (_, index) => Buffer.alloc(65_536, index)))
    expect(written).toEqual([4, 4, 4, 4, 4, 4])
    written.length = 0
    await put(Array.from({ length: 1000 }, (_, index) => Buffer.of(index % 256)))
    expect(Math.max(...written)).toBe(64)
  })

  it('has the memory of its pieces back as they are written, where they are its own', async () => {
    const pieces = () => Array.from({ length: 10 }, () => Buffer.allocUnsafeSlow(64 * 1024).fill('x'))
    const root = await mkdtemp(join(tmpdir(), 'disk-store-'))
    const store = await openDiskStore(root)
    const [own, lent] = [pieces(), pieces()]
    await store.put('images/own', Readable.from(own), { maxBytes: 1_000_000, isNew: true, ownsPieces: true })
    await store.put('images/lent', Readable.from(lent), { maxBytes: 1_000_000, isNew: true })
    expect(own.map(({ length }) => length)).toEqual(own.map(() => 0))
    expect(lent.map(({ length }) => length)).toEqual(lent.map(() => 64 * 1024))
    const [first, second] = await Promise.all(
      ['own', 'lent'].map((name) => readFile(join(root, 'objects/images', name)))
    )
    expect(first).toEqual(second)
    await rm(root, { recursive: true })
  })

  it('is whole when the disk takes less than it was given', async () => {
    wrap(await handles(), 'writev', (original) => {
      return function (this: FileHandle, [first]: Buffer[]) {
        return original.call(this, [first!.subarray(0, 10)])
      } as typeof original
    })
    await put(Array.from({ length: 9 }, (_, index) => Buffer.alloc(50_000, index)))
  })
})
