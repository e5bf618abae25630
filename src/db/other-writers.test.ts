import { EventEmitter } from 'node:events'
import type { FSWatcher, watch } from 'node:fs'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { watchOtherWriters } from './other-writers.ts'

let folder: string
let logPath: string
let looks: number
let timers: MockInstance<typeof setTimeout>
let watching: { close(): void }
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'other-writers-'))
  logPath = join(folder, 'wal')
  await writeFile(logPath, 'begun')
  looks = 0
  timers = vi.spyOn(globalThis, 'setTimeout')
})
afterEach(async () => {
  watching.close()
  timers.mockRestore()
  await rm(folder, { recursive: true })
})

const start = (how?: typeof watch) =>
  (watching = watchOtherWriters({ logPath, look: () => void (looks += 1), ...(how && { watch: how }) }))
const waits = () => timers.mock.calls.filter(([what]) => what.name === 'lookAgain').map(([, ms]) => ms ?? 0)
const isLong = (ms: number | undefined) => ms !== undefined && ms >= 500

it('looks at once, and then about once a second while nobody writes', async () => {
  start()
  expect(looks).toBe(1)
  await waitFor(() => looks === 3)
  expect(waits().map(isLong)).toEqual([true, true, true])
})

it('looks within 200 ms of what is written, as often as that is, and then rarely again', async () => {
  start()
  for (const round of [1, 2]) {
    const before = waits().length
    await appendFile(logPath, 'more')
    await appendFile(logPath, 'and more')
    await waitFor(() => waits().length > before && isLong(waits().at(-1)))
    expect(waits().slice(before), String(round)).toContain(200)
  }
})

it.each<[string, typeof watch]>([
  [
    'cannot be watched',
    () => {
      throw Object.assign(new Error('no watch left'), { code: 'ENOSPC' })
    }
  ],
  [
    'is watched no more',
    () => {
      const watcher = Object.assign(new EventEmitter(), { close: () => undefined }) as unknown as FSWatcher
      queueMicrotask(() => watcher.emit('error', new Error('gone')))
      return watcher
    }
  ]
])('looks every 200 ms where the file %s', async (_what, how) => {
  start(how)
  await waitFor(() => looks === 4)
  expect(waits().filter((ms) => ms === 200).length).toBeGreaterThanOrEqual(3)
})

it('looks no more when it is closed', async () => {
  start()
  await appendFile(logPath, 'more')
  await waitFor(() => waits().at(-1) === 200)
  watching.close()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(looks).toBe(1)
})
