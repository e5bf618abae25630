import { afterEach, expect, it, vi } from 'vitest'
import { watchTerminal } from './watch-terminal.ts'

it.each<[what: string, before: number[], after: number[], isGone: boolean, platform?: NodeJS.Platform]>([
  ['whose window was closed', [0, 1, 2], [], true],
  ['whose output goes to a file and whose window was closed', [0], [], true],
  ['that is still there', [0, 1, 2], [0, 1, 2], false],
  ['of which one end was closed', [0, 1, 2], [2], false],
  ['that never was', [], [], false],
  ['of Windows that closes', [0, 1, 2], [0, 1, 2], true, 'win32'],
  ['of Windows that never was', [], [], false, 'win32']
])('a terminal %s', (_, before, after, isGone, platform = 'linux') => {
  let terminals = before
  const terminal = watchTerminal((fd) => terminals.includes(fd), platform)
  terminals = after
  expect(terminal).toMatchObject({ wasThere: before.length > 0 })
  expect(terminal.isGone()).toBe(isGone)
})

afterEach(() => void vi.useRealTimers())

it.each([
  [0, 1],
  [29_750, 1],
  [30_250, 0]
])('a terminal that goes %i ms after it was told of ends what was started in it, within half a minute', (ms, times) => {
  vi.useFakeTimers()
  let isThere = true
  const onGone = vi.fn()
  const terminal = watchTerminal(() => isThere, 'linux')
  terminal.ifItGoes(onGone)
  vi.advanceTimersByTime(ms)
  isThere = false
  vi.advanceTimersByTime(60_000)
  expect(onGone).toHaveBeenCalledTimes(times)
})
