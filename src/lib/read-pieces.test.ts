import { PassThrough, Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { readPieces } from './read-pieces.ts'

const streamOf = (...pieces: string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)))

it('gives all pieces in their order, of none none', async () => {
  const taken: string[] = []
  const take = (piece: Buffer) => taken.push(String(piece)) > 0
  expect(await readPieces(streamOf('a', 'b'), take)).toBe(true)
  expect(await readPieces(streamOf(), take)).toBe(true)
  expect(taken).toEqual(['a', 'b'])
})

it('reads no further than is wanted', async () => {
  const stream = streamOf('a', 'b', 'c')
  const taken: string[] = []
  expect(await readPieces(stream, (piece) => taken.push(String(piece)) < 2)).toBe(false)
  expect([taken, stream.destroyed]).toEqual([['a', 'b'], true])
})

it('rejects with what went wrong, whoever did, before it and meanwhile', async () => {
  const thrown = streamOf('a', 'b')
  const reading = readPieces(thrown, () => {
    throw new Error('not that')
  })
  await expect(reading).rejects.toThrow('not that')
  expect(thrown.destroyed).toBe(true)

  const broken = new PassThrough()
  const waiting = readPieces(broken, () => true)
  broken.destroy(new Error('reset'))
  await expect(waiting).rejects.toThrow('reset')
  await expect(readPieces(broken, () => true)).rejects.toThrow('reset')

  const closed = new PassThrough()
  const open = readPieces(closed, () => true)
  closed.destroy()
  await expect(open).rejects.toThrow('ended early')
  await expect(readPieces(closed, () => true)).rejects.toThrow('ended early')
})

it('hears of an error that is only told after it has begun', async () => {
  const broken = new PassThrough()
  broken.destroy(new Error('reset'))
  await expect(readPieces(broken, () => true)).rejects.toThrow('reset')

  const ended = streamOf('a')
  await readPieces(ended, () => true)
  expect(await Promise.race([readPieces(ended, () => true).catch(() => 'refused'), nextTurn('waits')])).toBe('refused')
})

it('waits for whoever takes a piece, however the stream goes on', async () => {
  const steps: string[] = []
  const take = async (piece: Buffer) => {
    steps.push(`begins ${String(piece)}`)
    await nextTurn()
    steps.push(`has ${String(piece)}`)
    return String(piece) !== 'c'
  }
  expect(await readPieces(streamOf('a', 'b'), take)).toBe(true)
  expect(steps.splice(0)).toEqual(['begins a', 'has a', 'begins b', 'has b'])
  expect(await readPieces(streamOf('c', 'd'), take)).toBe(false)
  expect(steps.splice(0)).toEqual(['begins c', 'has c'])

  const broken = new PassThrough()
  broken.write('a')
  const waiting = readPieces(broken, async (piece) => {
    broken.destroy(new Error('reset'))
    return take(piece)
  })
  await expect(waiting).rejects.toThrow('reset')
  expect(steps.splice(0)).toEqual(['begins a', 'has a'])
  const refused = readPieces(streamOf('a'), () => Promise.reject(new Error('disk full')))
  await expect(refused).rejects.toThrow('disk full')
})
