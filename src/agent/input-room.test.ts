import { describe, expect, it } from 'vitest'
import { type InputPlace, inputBytesOf, InputRoom } from './input-room.ts'

const ever = new AbortController().signal
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Enters with so many bytes each; who is in, by number. */
function enterAll(room: InputRoom, all: number[], signal = ever) {
  const places = new Map<number, InputPlace>()
  for (const [index, bytes] of all.entries()) {
    room.enter(bytes, signal).then(
      (place) => places.set(index, place),
      () => undefined
    )
  }
  return { places, inside: () => [...places.keys()] }
}

describe('the room for source images', () => {
  it.each([
    ['as many as fit', [60, 40, 1], [0, 1]],
    ['not one byte more', [60, 41], [0]],
    ['more than there is, alone', [101, 1], [0]],
    ['what takes none, always', [0, 100, 0], [0, 1, 2]],
    ['in order, so that a large one gets its turn', [60, 60, 1], [0]]
  ])('has %s', async (_what, all, inside) => {
    const entered = enterAll(new InputRoom(100), all)
    await turn()
    expect(entered.inside()).toEqual(inside)
  })

  it('is given on when somebody leaves, once', async () => {
    const { places, inside } = enterAll(new InputRoom(100), [60, 60, 60])
    await turn()
    places.get(0)!.leave()
    places.get(0)!.leave()
    await turn()
    expect(inside()).toEqual([0, 1])
  })

  it('is another from one moment to the next, and whoever is in stays', async () => {
    const room = new InputRoom(100)
    const { places, inside } = enterAll(room, [60, 60, 60])
    await turn()
    room.resize(120)
    await turn()
    expect(inside()).toEqual([0, 1])
    room.resize(60)
    places.get(0)!.leave()
    await turn()
    expect(inside()).toEqual([0, 1])
    places.get(1)!.leave()
    await turn()
    expect(inside()).toEqual([0, 1, 2])
  })

  it('is waited for no more by who is not wanted any more, and then by the next', async () => {
    const room = new InputRoom(100)
    const stop = new AbortController()
    await room.enter(50, ever)
    const waiting = room.enter(60, stop.signal)
    const behind = enterAll(room, [50])
    stop.abort(new Error('not wanted'))
    await expect(waiting).rejects.toThrow('not wanted')
    await turn()
    expect(behind.inside()).toEqual([0])
    await expect(room.enter(1, stop.signal)).rejects.toThrow('not wanted')
  })

  it('is taken by what is held ready only where there is any, and never from what runs', async () => {
    const room = new InputRoom(100)
    await room.enter(50, ever)
    expect(room.tryToHold(51)).toBeUndefined()
    const held = room.tryToHold(50)!
    expect(room.tryToHold(1)).toBeUndefined()
    // It holds what it holds, but the service's place may be this one's.
    const running = enterAll(room, [50, 1])
    await turn()
    expect(running.inside()).toEqual([0])
    held.begin()
    running.places.get(0)!.leave()
    await turn()
    expect(running.inside()).toEqual([0])
    held.leave()
    held.begin()
    await turn()
    expect(running.inside()).toEqual([0, 1])
  })
})

it.each([
  ['what the gateway says', { bytes: 7 }, 7],
  ['its pixels, of a gateway that does not', {}, 400],
  ['what an image may have, of one with more pixels', { width: 1000, height: 1000 }, 500]
])('an image takes %s', (_what, about, bytes) => {
  const input = { name: 'image0', media_type: 'image/png', width: 10, height: 10, ...about }
  expect(inputBytesOf({ inputs: [input, input] }, 500)).toBe(2 * bytes)
})
