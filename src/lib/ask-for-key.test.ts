import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HAS_TERMINALS, openTerminal } from '../../tests/support/run-in-terminal.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { exportKey } from './ask-for-key.ts'

const isHere = (shell: string) => {
  const [program = '', ...args] = shell.split(' ')
  return spawnSync(program, [...args, '-c', 'true']).status === 0
}
const SHELLS = ['sh', 'dash', 'bash', 'zsh', 'ksh', 'busybox sh'].filter(isHere)

it.each(SHELLS)('has the key where programs look for it, as it was pasted, and what follows runs: %s', (shell) => {
  const [program = '', ...args] = shell.split(' ')
  const lines = `${exportKey()} &&\nprintenv INFERENCE_CLUB_API_KEY`
  const run = (input: string) => spawnSync(program, [...args, '-c', lines], { input, encoding: 'utf8' })
  expect(run(' ic_a\\b$HOME \n').stdout).toBe('Paste the key, press Enter: \nic_a\\b$HOME\n')
  // Whoever thinks better of it has no empty key.
  expect(run('').status).not.toBe(0)
})

it.skipIf(!isHere('bash'))('is in no history of a shell that keeps everything', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inference-club-history-'))
  const history = join(folder, 'history')
  const { stdout } = spawnSync('bash', ['--norc', '--noprofile', '-i'], {
    input: `${exportKey()} &&\necho "has $INFERENCE_CLUB_API_KEY"\nic_secret\nexit\n`,
    env: { PATH: process.env.PATH, HOME: folder, HISTFILE: history, HISTCONTROL: '' },
    encoding: 'utf8'
  })
  expect(stdout).toContain('has ic_secret\n')
  const kept = await readFile(history, 'utf8')
  expect(kept).toMatch(/read -r\S+ INFERENCE_CLUB_API_KEY/)
  expect(kept).not.toContain('ic_secret')
  await rm(folder, { recursive: true })
})

const HIDING = { bash: ['--norc', '--noprofile', '--noediting'], zsh: ['-f', '+Z'] }
describe.skipIf(!HAS_TERMINALS)('in a terminal', () => {
  it.each(Object.entries(HIDING).filter(([shell]) => isHere(shell)))(
    '%s does not show the key, and shows again what is typed after it or after Ctrl-C',
    async (shell, args) => {
      const terminal = openTerminal([shell, ...args, '-i'].join(' '), { folder: tmpdir(), env: { PS1: '$ ' } })
      terminal.type('tty\n')
      const [device = ''] = await terminal.shows(/\/dev\/pts\/\d+/)
      const isEchoing = () => / echo /.test(spawnSync('stty', ['-F', device, '-a'], { encoding: 'utf8' }).stdout)
      const ask = async () => {
        terminal.type(`${exportKey('KEY')}\n`)
        await waitFor(() => !isEchoing())
      }
      await ask()
      terminal.type('ic_hidden\x03')
      await waitFor(isEchoing)
      await ask()
      terminal.type('ic_secret\n')
      await waitFor(isEchoing)
      terminal.type('printf "has %s" "${#KEY}"\n')
      await terminal.shows(/has 9/)
      expect(terminal.shown()).not.toMatch(/ic_/)
      await terminal.end()
    }
  )
})
