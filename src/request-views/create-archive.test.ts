import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { type ArchiveFile, createArchive } from './create-archive.ts'

const AT = new Date('2026-05-17T10:11:12Z')
const file = (name: string, content: ArchiveFile['content'], isCompressed = true): ArchiveFile => ({
  ...{ name, modifiedAt: AT, content, isCompressed }
})
const throwAway = (): never => {
  throw new Error('the store is away')
}
const MIB = Buffer.alloc(1024 * 1024, 7)
async function* pieces(count: number, onPiece: () => void = () => undefined) {
  for (let made = 0; made < count; made++) {
    onPiece()
    yield MIB
  }
}

describe('an archive', () => {
  it('stores what is compressed already, and compresses texts', async () => {
    const bytes = await buffer(
      createArchive(Readable.from([file('a.png', pieces(1)), file('b.txt', 'x'.repeat(100_000), false)]))
    )
    expect(bytes.length).toBeGreaterThan(MIB.length)
    expect(bytes.length).toBeLessThan(MIB.length + 2000)
    expect(Object.entries(unzipSync(bytes)).map(([name, { length }]) => [name, length])).toEqual([
      ['a.png', MIB.length],
      ['b.txt', 100_000]
    ])
  })

  it('asks for no more than is read', async () => {
    let made = 0
    const archive = createArchive(
      Readable.from([
        file(
          'a',
          pieces(64, () => made++)
        ),
        file('b', 'b')
      ])
    )
    const reading = archive[Symbol.asyncIterator]()
    await reading.next()
    await reading.next()
    await new Promise((resolve) => setImmediate(resolve))
    expect(made).toBeLessThan(8)
    await reading.return?.()
  })

  it.each(['asked for', 'read'])('fails with what failed when a file was %s', async (when) => {
    const failing = () => new Readable({ read: (): never => throwAway() })
    const files = when === 'read' ? Readable.from([file('a', failing())]) : (failing() as AsyncIterable<ArchiveFile>)
    await expect(buffer(createArchive(files))).rejects.toThrow('the store is away')
  })
})
