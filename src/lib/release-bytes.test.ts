import { describe, expect, it } from 'vitest'
import { releaseBytes, releaseMemoryOf } from './release-bytes.ts'

describe('bytes that nobody looks at any more', () => {
  it('are gone where they are all that lies in their memory', () => {
    const bytes = Buffer.allocUnsafeSlow(10)
    releaseBytes(bytes)
    expect(bytes.byteLength).toBe(0)
  })

  it('stay where something else lies beside them', () => {
    const memory = Buffer.from(new Uint8Array([1, 2, 3]).buffer)
    releaseBytes(memory.subarray(1))
    expect([...memory]).toEqual([1, 2, 3])
  })

  it('stay in memory that several threads share', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(4))
    releaseBytes(bytes)
    releaseMemoryOf(bytes)
    expect(bytes.byteLength).toBe(4)
  })
})

describe('the memory of bytes', () => {
  it('is gone with all that lies in it', () => {
    const memory = Buffer.allocUnsafeSlow(64 * 1024 + 1)
    releaseMemoryOf(memory.subarray(3, 5))
    expect(memory.byteLength).toBe(0)
  })

  it('stays where it may be a piece of a connection, whose next message lies behind', () => {
    const piece = Buffer.allocUnsafeSlow(64 * 1024)
    releaseMemoryOf(piece.subarray(3, 5))
    expect(piece.byteLength).toBe(64 * 1024)
  })

  it('stays where Node has many small things in it', () => {
    const small = Buffer.from('small')
    releaseMemoryOf(small)
    expect(small.toString()).toBe('small')
  })
})
