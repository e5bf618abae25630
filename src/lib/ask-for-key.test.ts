import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { exportKey } from './ask-for-key.ts'

const isHere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0
const SHELLS = ['sh', 'dash', 'bash', 'zsh', 'ksh', 'busybox sh'].filter((shell) => isHere(shell.split(' ')[0] ?? ''))

it.each(SHELLS)('has the key where programs look for it, as it was pasted, and what follows runs: %s', (shell) => {
  const [program = '', ...args] = shell.split(' ')
  const lines = `${exportKey()} &&\nprintenv INFERENCE_CLUB_API_KEY`
  const run = (input: string) => spawnSync(program, [...args, '-c', lines], { input, encoding: 'utf8' })
  expect(run(' ic_a\\b$HOME \n').stdout).toBe('Paste the key, press Enter: ic_a\\b$HOME\n')
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
  expect(kept).toContain('read -r INFERENCE_CLUB_API_KEY')
  expect(kept).not.toContain('ic_secret')
  await rm(folder, { recursive: true })
})
