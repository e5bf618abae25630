import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, runProgram } from './support/run-program.ts'

const EMPTY_PLACE = join(ROOT, '.ci/in-an-empty-place')
const CANNOT = 125

let folder: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'inference-club-checkout-')))
})
afterAll(() => rm(folder, { recursive: true }))

const inPlace = (command: string, env: Record<string, string> = {}) =>
  runProgram(['GIVEN=1', 'sh', '-c', command], { program: EMPTY_PLACE, cwd: folder, env })

const { code, stderr } = await runProgram(['true'], { program: EMPTY_PLACE })

describe('the empty place of CI', () => {
  it('is there, or says in one line that it cannot be', () => {
    if (code === CANNOT) expect(stderr).toMatch(/^[^\n]+\n$/)
    else expect([code, stderr]).toEqual([0, ''])
  })

  describe.skipIf(code === CANNOT)('where it can be', () => {
    it('has this folder, below /tmp or not, nothing else there, an empty home and a bare environment', async () => {
      const { stdout } = await inPlace('pwd; ls -A "$HOME"; find /tmp -type d; env', { LEFT_OVER: '1' })
      const [here, ...lines] = stdout.trim().split('\n')
      expect(here).toBe(folder)
      const folders = lines.filter((line) => line.startsWith('/'))
      expect(folders.filter((path) => path !== '/tmp/home' && !`${folder}/`.startsWith(`${path}/`))).toEqual([])
      const names = lines.filter((line) => !line.startsWith('/')).map((line) => line.split('=')[0])
      expect(names.filter((name) => !['PWD', 'CI'].includes(name!)).sort()).toEqual(['GIVEN', 'HOME', 'PATH'])
    })

    it('keeps what is made in the folder, and answers as the command does', async () => {
      expect(await inPlace('touch kept && exit 3')).toMatchObject({ code: 3 })
      expect(await inPlace('ls')).toMatchObject({ code: 0, stdout: 'kept\n' })
    })
  })
})
