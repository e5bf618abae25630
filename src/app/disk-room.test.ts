import { describe, expect, it, vi } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { silentLogger } from '../lib/logger.ts'
import { watchDiskRoom } from './disk-room.ts'

const RESERVE = 1000
const same = { reserveBytes: RESERVE, isBusy: () => false, onRoom: () => undefined, logger: silentLogger() }

it.each<[string, (number | null)[], number, boolean]>([
  ['as much as the reserve', [RESERVE], RESERVE, false],
  ['one byte less', [RESERVE - 1], RESERVE, true],
  ['less in one of two places', [1e12, 999], RESERVE, true],
  ['nothing, where none is reserved', [0], 0, false],
  ['what cannot be told', [null, null], RESERVE, false],
  ['less in the one place that tells', [null, 999], RESERVE, true]
])('with %s', async (_what, free, reserveBytes, isShort) => {
  const room = await watchDiskRoom({ ...same, reserveBytes, places: free.map((bytes) => async () => bytes) })
  expect(room.isShort()).toBe(isShort)
  if (isShort)
    expect(room.require).toThrow(expect.objectContaining({ code: 'storage_unavailable', status: 503 }) as Error)
  else room.require()
  await room.close()
})

it('says that there is room again when there is clearly more', async () => {
  let [free, rings, looks] = [999, 0, 0]
  const freeBytes = async () => {
    looks += 1
    return free
  }
  const room = await watchDiskRoom({ ...same, places: [freeBytes], onRoom: () => (rings += 1) })
  free = RESERVE
  const before = looks
  await waitFor(() => looks > before + 1)
  expect([room.isShort(), rings]).toEqual([true, 0])
  free = 1100
  await waitFor(() => !room.isShort())
  expect([room.freeBytes(), rings]).toEqual([1100, 1])
  await room.close()
})

describe('the next look', () => {
  /** A room after its first looks, and when the next one is due as it says then. */
  async function open(options: { isBusy?: boolean } = {}) {
    const waits = vi.spyOn(globalThis, 'setTimeout')
    let looks = 0
    const room = await watchDiskRoom({
      ...same,
      isBusy: () => options.isBusy === true,
      places: [
        async () => {
          looks += 1
          return RESERVE
        }
      ]
    })
    await waitFor(() => waits.mock.calls.some(([what]) => what.name === 'wake'))
    const [, ms = 0] = waits.mock.calls.find(([what]) => what.name === 'wake') ?? []
    waits.mockRestore()
    return { room, ms, looks: () => looks }
  }

  it('is a second away while images are made, and ten while nothing is', async () => {
    const busy = await open({ isBusy: true })
    expect(busy.ms).toBeLessThan(2000)
    await busy.room.close()
    const idle = await open()
    expect(idle.ms).toBeGreaterThan(8000)
    await idle.room.close()
  })

  it('comes with the first who asks after a while, who does not wait for it', async () => {
    const { room, looks } = await open()
    const before = looks()
    room.require()
    expect(looks()).toBe(before)
    const later = performance.now() + 5000
    const now = vi.spyOn(performance, 'now').mockImplementation(() => later)
    room.require()
    now.mockRestore()
    await waitFor(() => looks() === before + 1)
    await room.close()
  })
})
