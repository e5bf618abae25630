import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeObjectStoreContract } from '../../tests/contracts/object-store-contract.ts'
import { BUCKET, S3_CREDENTIALS, type S3Settings } from '../../tests/support/s3-server.ts'
import { type S3Process, spawnS3 } from '../../tests/support/spawn-s3.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { ObjectDamaged, type ObjectStore, StoreUnavailable } from './object-store.ts'
import type { S3Options } from './s3-client.ts'
import { openS3Store } from './s3-store.ts'

const MIB = 1024 ** 2
let server: S3Process
let store: ObjectStore

beforeAll(async () => {
  server = await spawnS3()
  store = await open()
})
beforeEach(() => server.control({}))
afterAll(() => server.close())

const open = (options: Partial<S3Options> = {}) =>
  openS3Store({
    bucket: BUCKET,
    prefix: `${randomUUID()}/`,
    endpoint: server.url,
    region: S3_CREDENTIALS.region,
    patience: { connectMs: 1000, silentMs: 500, tries: 2 },
    ...options
  })

describeObjectStoreContract('s3', async () => ({ store: await open(), cleanUp: async () => undefined }))
describeObjectStoreContract('s3 in pages, in a bucket of its own', async () => {
  const own = await open({ prefix: '' })
  await server.control({ pageSize: 1 })
  return { store: own, cleanUp: () => own.remove([]) }
})

/** So many bytes that are each another, in pieces. */
function* piecesOf(bytes: number) {
  const piece = Buffer.alloc(64 * 1024)
  for (let at = 0; at < bytes; at += piece.length) {
    piece.writeUInt32LE(at)
    yield Buffer.from(piece.subarray(0, Math.min(piece.length, bytes - at)))
  }
}
const hashOf = (bytes: number) => {
  const hash = createHash('sha256')
  for (const piece of piecesOf(bytes)) hash.update(piece)
  return hash.digest('hex')
}
const put = (key: string, bytes = 10) => store.put(key, Readable.from(piecesOf(bytes)), { maxBytes: 1024 * MIB })
const keysOf = async (prefix: string) => {
  const listed = await Array.fromAsync(store.list(prefix))
  return listed.map(({ key }) => key)
}

describe('a large object', () => {
  it.each([8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB])('of %i bytes is stored whole, in parts', async (bytes) => {
    expect(await put('large/one', bytes)).toEqual({ bytes, sha256: hashOf(bytes) })
    const { calls, unfinished } = await server.state()
    expect([calls.create ?? 0, unfinished]).toEqual([bytes > 8 * MIB ? 1 : 0, []])
    const hash = createHash('sha256')
    for await (const chunk of (await store.open('large/one', { bytes }))!) hash.update(chunk as Buffer)
    expect(hash.digest('hex')).toBe(hashOf(bytes))
    await store.remove(['large/one'])
  })

  it('is never held whole, neither way', async () => {
    const bytes = 96 * MIB
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // What is still referred to: rubbish goes when it pleases.
    const held = () => {
      collect()
      return process.memoryUsage().arrayBuffers
    }
    const before = held()
    let most = 0
    let seen = 0
    const look = (chunk: Buffer) => {
      const isDue = Math.floor(seen / (4 * MIB)) !== Math.floor((seen + chunk.length) / (4 * MIB))
      seen += chunk.length
      if (isDue) most = Math.max(most, held() - before)
    }
    const watched = function* () {
      for (const piece of piecesOf(bytes)) {
        look(piece)
        yield piece
      }
    }
    await store.put('large/huge', Readable.from(watched()), { maxBytes: bytes })
    for await (const chunk of (await store.open('large/huge', { bytes }))!) look(chunk as Buffer)
    expect(seen).toBe(2 * bytes)
    expect(most).toBeLessThan(40 * MIB)
    await store.remove(['large/huge'])
  }, 30_000)

  it.each(['the source fails', 'it is given up', 'there is too much'])('leaves no part when %s', async (why) => {
    const giveUp = new AbortController()
    const source = async function* () {
      yield* piecesOf(18 * MIB)
      if (why === 'the source fails') throw new Error('ECONNRESET of the sender')
      if (why === 'it is given up') giveUp.abort(new Error('enough'))
      yield* piecesOf(MIB)
    }
    const options = { maxBytes: why === 'there is too much' ? 18 * MIB : 100 * MIB, signal: giveUp.signal }
    const error = await store.put('large/not', Readable.from(source()), options).catch((one: unknown) => one)
    expect(error).not.toBeInstanceOf(StoreUnavailable)
    expect(await server.state()).toMatchObject({ unfinished: [] })
    expect(await keysOf('large/')).toEqual([])
  })

  it.each(['create', 'part', 'complete'] as const)('leaves nothing when the server fails at %s', async (operation) => {
    await server.control({ fail: { operations: [operation], status: 500, code: 'InternalError' } })
    await expect(put('large/not', 20 * MIB)).rejects.toBeInstanceOf(StoreUnavailable)
    expect((await server.state()).unfinished).toEqual([])
    expect(await store.stat('large/not')).toBeUndefined()
  })

  it('is stored when the answer to its last call is lost', async () => {
    await server.control({ loseAnswers: { operations: ['complete'], times: 1 } })
    expect(await put('large/lost', 9 * MIB)).toEqual({ bytes: 9 * MIB, sha256: hashOf(9 * MIB) })
    expect((await server.state()).unfinished).toEqual([])
    await store.remove(['large/lost'])
  })

  it('that a dead process left half is given up by the sweep once it is old enough', async () => {
    await server.control({ fail: { operations: ['complete', 'abort'], status: 500, code: 'InternalError' } })
    await expect(put('large/dead', 9 * MIB)).rejects.toBeInstanceOf(StoreUnavailable)
    await server.control({})
    const { unfinished } = await server.state()
    expect(unfinished).toHaveLength(1)
    await store.dropUnfinished(Date.now() - 60_000)
    expect((await server.state()).unfinished).toEqual(unfinished)
    const other = await open()
    await other.dropUnfinished(Date.now() + 60_000)
    expect((await server.state()).unfinished).toEqual(unfinished)
    await store.dropUnfinished(Date.now() + 60_000)
    expect((await server.state()).unfinished).toEqual([])
  })
})

it('of a process that is killed while it stores there is no object, and parts that a sweep gives up', async () => {
  const prefix = `${randomUUID()}/`
  const options = { bucket: BUCKET, prefix, endpoint: server.url, region: S3_CREDENTIALS.region }
  const script = `
    import { Readable } from 'node:stream'
    import { openS3Store } from ${JSON.stringify(new URL('s3-store.ts', import.meta.url).href)}
    const store = await openS3Store(${JSON.stringify(options)})
    const endless = async function* () {
      for (;;) yield Buffer.alloc(64 * 1024)
    }
    await store.put('killed/one', Readable.from(endless()), { maxBytes: Infinity })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  await waitFor(async () => ((await server.state()).calls.part ?? 0) > 1)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { keys, unfinished } = await server.state()
  expect(keys.filter((key) => key.startsWith(prefix))).toEqual([])
  expect(unfinished).toEqual([`${prefix}killed/one`])
  const again = await open({ prefix })
  await again.dropUnfinished(Date.now() + 60_000)
  expect((await server.state()).unfinished).toEqual([])
})

describe('a server that fails', () => {
  it.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [429, 'TooManyRequests']
  ])('once with %i is tried again', async (status, code) => {
    for (const operation of ['put', 'get', 'head', 'list', 'copy', 'delete'] as const) {
      await server.control({ fail: { operations: [operation], status, code, times: 1 } })
      await put('fails/once')
      expect(await buffer((await store.open('fails/once'))!)).toHaveLength(10)
      expect(await store.stat('fails/once')).toEqual({ bytes: 10 })
      expect(await keysOf('fails/')).toEqual(['fails/once'])
      expect(await store.move('fails/once', 'fails/moved')).toBe(true)
      await store.remove(['fails/moved'])
      expect(await keysOf('fails/')).toEqual([])
    }
  })

  it.each<[string, S3Settings]>([
    [
      'with 500',
      { fail: { operations: ['put', 'get', 'head', 'list', 'copy', 'delete'], status: 500, code: 'InternalError' } }
    ],
    [
      'with 403',
      { fail: { operations: ['put', 'get', 'head', 'list', 'copy', 'delete'], status: 403, code: 'AccessDenied' } }
    ],
    ['by silence', { hang: ['put', 'get', 'head', 'list', 'copy', 'delete'] }],
    ['by hanging up', { loseAnswers: { operations: ['put', 'get', 'head', 'list', 'copy', 'delete'] } }]
  ])(
    'always %s is unavailable, to every call',
    async (_how, settings) => {
      await put('fails/there')
      await server.control(settings)
      for (const call of [
        () => put('fails/not'),
        () => store.open('fails/there'),
        () => store.stat('fails/there'),
        () => store.move('fails/there', 'fails/elsewhere'),
        () => store.remove(['fails/there']),
        () => keysOf('fails/')
      ]) {
        await expect(call()).rejects.toBeInstanceOf(StoreUnavailable)
      }
      await server.control({})
      await store.remove(['fails/there', 'fails/not', 'fails/elsewhere'])
    },
    30_000
  )

  it('takes nothing until it works again, which is found without anybody storing', async () => {
    await put('fails/not')
    expect(await store.freeBytes()).toBeNull()
    await server.control({ fail: { operations: ['put'], status: 503, code: 'SlowDown' } })
    await expect(put('fails/not')).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await store.freeBytes()).toBe(0)
    await server.control({})
    await waitFor(async () => (await store.freeBytes()) === null)
    await waitFor(async () => (await keysOf('probe/')).length === 0)
    await store.remove(['fails/not'])
  })

  it('tells whoever reads that an object is cut off, or not as large as it should be', async () => {
    await put('lies/one', MIB)
    await server.control({ cutAfter: MIB / 2 })
    await expect(buffer((await store.open('lies/one', { bytes: MIB }))!)).rejects.toBeInstanceOf(StoreUnavailable)
    for (const lieBy of [-1, 1, 10]) {
      await server.control({ lieBy })
      await expect(store.open('lies/one', { bytes: MIB })).rejects.toBeInstanceOf(ObjectDamaged)
      const range = { start: 0, end: 9 }
      await expect(store.open('lies/one', { bytes: MIB, range })).rejects.toBeInstanceOf(ObjectDamaged)
    }
    await server.control({ ignoreRanges: true })
    await expect(store.open('lies/one', { range: { start: 5, end: 9 } })).rejects.toBeInstanceOf(StoreUnavailable)
  })

  it('whose lists are of yesterday moves nothing that is gone', async () => {
    await put('stale/gone')
    await server.control({ staleLists: true })
    await store.remove(['stale/gone'])
    expect(await keysOf('stale/')).toEqual(['stale/gone'])
    expect(await store.move('stale/gone', 'stale/else')).toBe(false)
    expect(await store.stat('stale/gone')).toBeUndefined()
  })
})

describe('opening', () => {
  const sentence = (options: Partial<S3Options>) =>
    open(options).then(
      () => undefined,
      (error: Error) => `${error.constructor.name}: ${error.message}`
    )

  it('names what is to be set', async () => {
    expect(await sentence({ bucket: 'nobodys' })).toMatch(/^StorageMisconfigured: There is no bucket 'nobodys'/)
    expect(await sentence({ region: 'elsewhere-1' })).toMatch(/another region .*INFERENCE_CLUB_S3_REGION/)
    expect(await sentence({ endpoint: 'http://127.0.0.1:1' })).toMatch(/cannot be reached .*INFERENCE_CLUB_S3_ENDPOINT/)
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong'
    expect(await sentence({})).toMatch(
      /does not know the credentials \(SignatureDoesNotMatch\): .*AWS_SECRET_ACCESS_KEY/
    )
    process.env.AWS_SECRET_ACCESS_KEY = S3_CREDENTIALS.secretAccessKey
  })

  it.each([
    ['put', 'write'],
    ['get', 'read'],
    ['list', 'list'],
    ['delete', 'delete']
  ] as const)('says that the right to %s is missing', async (operation, doing) => {
    await server.control({ fail: { operations: [operation], status: 403, code: 'AccessDenied' } })
    expect(await sentence({})).toMatch(new RegExp(`may not ${doing} in the bucket .*s3:PutObject`))
  })

  it('works while the server is busy, and takes nothing until it is not', async () => {
    await server.control({ fail: { operations: ['put'], status: 503, code: 'SlowDown' } })
    const busy = await open()
    expect(await busy.freeBytes()).toBe(0)
    await server.control({})
    await waitFor(async () => (await busy.freeBytes()) === null)
  })
})
