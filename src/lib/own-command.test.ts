import { expect, it } from 'vitest'
import { commandFrom, ownCommand } from './own-command.ts'

it.each([
  ['/home/fay/club', '/home/fay/club/bin/inference-club', 'bin/inference-club'],
  ['/home/fay/club/bin', '/home/fay/club/bin/inference-club', './inference-club'],
  ['/home/fay/rig', '/home/fay/club/bin/inference-club', '../club/bin/inference-club'],
  ['/home/fay/a/b/c/d/e/f', '/srv/club/bin/inference-club', '/srv/club/bin/inference-club'],
  ['/home/fay', "/home/fay/the club's/bin/inference-club", `'the club'\\''s/bin/inference-club'`],
  ['/', '/club/bin/inference-club', 'club/bin/inference-club']
])('from %s it is called so', (folder, program, command) => {
  expect(commandFrom(folder, program)).toBe(command)
})

it('is where npm has it', () => {
  expect(ownCommand).toBe('bin/inference-club')
})
