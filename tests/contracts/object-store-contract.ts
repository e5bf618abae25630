import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObjectDamaged, type ObjectStore, ObjectTooLarge } from '../../src/storage/object-store.ts'

/** What every object store must do, whatever is behind it. */
export function describeObjectStoreContract(
  name: string,
  make: () => Promise<{ store: ObjectStore; cleanUp: () => Promise<void> }>
): void {
  describe(`object store contract: ${name}`, () => {
    let store: ObjectStore
    let cleanUp: () => Promise<void>
    beforeAll(async () => {
      ;({ store, cleanUp } = await make())
    })
    afterAll(() => cleanUp())

    const options = { maxBytes: 1000 }
    const keysOf = async (prefix: string) => {
      const keys: string[] = []
      for await (const entry of store.list(prefix)) keys.push(entry.key)
      return keys.sort()
    }
    const read = async (key: string, range?: { start: number; end: number }) => {
      const stream = await store.open(key, { ...(range && { range }) })
      return stream && (await buffer(stream)).toString()
    }

    it('returns what was stored, with its size and hash', async () => {
      const stored = await store.put('a/one', Readable.from([Buffer.from('hello '), Buffer.from('world')]), options)
      expect(stored).toEqual({ bytes: 11, sha256: createHash('sha256').update('hello world').digest('hex') })
      expect(await read('a/one')).toBe('hello world')
      expect(await read('a/one', { start: 6, end: 8 })).toBe('wor')
      expect(await store.stat('a/one')).toEqual({ bytes: 11 })
    })

    it('opens what has as many bytes as it should, and nothing else', async () => {
      await store.put('a/sized', Readable.from([Buffer.from('hello')]), options)
      const open = (bytes: number) => store.open('a/sized', { bytes, range: { start: 0, end: 1 } })
      expect(await buffer((await open(5))!)).toHaveLength(2)
      await expect(open(4)).rejects.toBeInstanceOf(ObjectDamaged)
      await expect(open(6)).rejects.toBeInstanceOf(ObjectDamaged)
    })

    it('tells how much room there is, or that it cannot', async () => {
      const free = await store.freeBytes()
      expect(free === null || free > 0).toBe(true)
    })

    it('takes exactly maxBytes and leaves nothing of one byte more', async () => {
      await store.put('b/exact', Readable.from([Buffer.alloc(1000)]), options)
      const tooMuch = store.put('b/more', Readable.from([Buffer.alloc(500), Buffer.alloc(501)]), options)
      await expect(tooMuch).rejects.toBeInstanceOf(ObjectTooLarge)
      expect(await keysOf('b/')).toEqual(['b/exact'])
    })

    it('leaves nothing when the source fails, with the source’s own error', async () => {
      const failing = Readable.from(
        (async function* () {
          yield Buffer.from('half')
          throw new Error('the sender went away')
        })()
      )
      await expect(store.put('c/half', failing, options)).rejects.toThrow('the sender went away')
      expect(await keysOf('c/')).toEqual([])
    })

    it('leaves nothing when aborted', async () => {
      const abort = new AbortController()
      const never = new Readable({ read: () => undefined })
      const put = store.put('d/aborted', never, { ...options, signal: abort.signal })
      abort.abort(new Error('stop'))
      await expect(put).rejects.toThrow()
      expect(await keysOf('d/')).toEqual([])
    })

    it('shows nothing of an object before it is whole', async () => {
      const source = new Readable({ read: () => undefined })
      const put = store.put('d/growing', source, options)
      source.push('all but ')
      await setImmediate()
      expect([await keysOf('d/'), await store.stat('d/growing'), await store.open('d/growing')]).toEqual([
        [],
        undefined,
        undefined
      ])
      source.push('this')
      source.push(null)
      await put
      expect(await read('d/growing')).toBe('all but this')
      await store.remove(['d/growing'])
    })

    it('knows nothing of what was never stored or was removed', async () => {
      await store.put('e/gone', Readable.from([Buffer.from('x')]), options)
      await store.remove(['e/gone', 'e/never'])
      expect(await store.open('e/gone')).toBeUndefined()
      expect(await store.stat('e/never')).toBeUndefined()
    })

    it('lists by prefix with sizes', async () => {
      await store.put('f/1', Readable.from([Buffer.from('one')]), options)
      await store.put('f/2', Readable.from([Buffer.from('three')]), options)
      const sizes: Record<string, number> = {}
      for await (const entry of store.list('f/')) sizes[entry.key] = entry.bytes
      expect(sizes).toEqual({ 'f/1': 3, 'f/2': 5 })
    })

    it('moves an object, and tells whether it was there', async () => {
      const stored = await store.put('g/here', Readable.from([Buffer.from('moved')]), options)
      expect(await store.move('g/here', 'h/deep/there')).toBe(true)
      expect(await store.stat('g/here')).toBeUndefined()
      expect(await read('h/deep/there')).toBe('moved')
      expect(await keysOf('h/')).toEqual(['h/deep/there'])
      expect(await keysOf('h/de')).toEqual(['h/deep/there'])
      expect(stored.bytes).toBe(5)
      expect(await store.move('g/here', 'h/deep/there')).toBe(false)
      expect(await read('h/deep/there')).toBe('moved')
    })

    it('has every object still when folders that hold none are removed, and takes new ones', async () => {
      await store.put('i/gone/1', Readable.from([Buffer.from('one')]), options)
      await store.put('i/kept/2', Readable.from([Buffer.from('two')]), options)
      await store.remove(['i/gone/1'])
      await store.dropEmptyFolders('i/')
      await store.dropEmptyFolders('j/')
      expect(await keysOf('i/')).toEqual(['i/kept/2'])
      await store.put('i/gone/1', Readable.from([Buffer.from('one')]), options)
      expect(await read('i/gone/1')).toBe('one')
    })

    it.each(['', '/etc/passwd', '../up', 'a/../../up', 'a//b', 'a/./b', 'A', 'a\\b', 'a\0b', 'ä'])(
      'refuses the key %j',
      async (key) => {
        await expect(store.put(key, Readable.from([Buffer.from('x')]), options)).rejects.toThrow('not an object key')
      }
    )
  })
}
