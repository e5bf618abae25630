import { expect, it } from 'vitest'
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
