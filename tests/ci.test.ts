import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
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

describe('the audit of CI', () => {
  const advisory = (name: string, severity: string) => ({
    [name]: { name, severity, range: '<2.0.0', via: [{ title: 'Eats disks', url: 'https://example.org/1' }] }
  })
  const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} })

  /** Runs it with an npm that prints this and ends so. */
  async function auditWith(printed: string, ends: string) {
    const bin = join(folder, 'bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(bin, 'printed'), printed)
    await writeFile(join(bin, 'npm'), `#!/bin/sh\ncat ${bin}/printed\n${ends}\n`)
    await chmod(join(bin, 'npm'), 0o755)
    const env = { PATH: `${bin}:${process.env.PATH}` }
    return runProgram([join(ROOT, 'scripts/check-advisories.ts'), '1500'], {
      program: process.execPath,
      cwd: ROOT,
      env
    })
  }

  it.each([
    ['nothing is known', report({}), 'exit 0', 0, /^\.: no severe advisories$/m],
    ['what is known can wait', report(advisory('left', 'moderate')), 'exit 0', 0, /^\.: no severe advisories$/m],
    ['something is bad', report(advisory('left', 'high')), 'exit 1', 1, /^\.: high: left <2\.0\.0: Eats disks https/m],
    ['it is worse', report(advisory('right', 'critical')), 'exit 1', 1, /^tests\/clients: critical: right/m],
    [
      'the registry has no such endpoint',
      JSON.stringify({ message: '405 Method Not Allowed\nPOST', error: { summary: 'x' } }),
      'exit 1',
      0,
      /^\.: could not ask for advisories: 405 Method Not Allowed$/m
    ],
    ['the network is down', '', 'exit 1', 0, /^\.: could not ask for advisories: no report$/m],
    ['it says something else', '<html>', 'exit 1', 0, /^\.: could not ask for advisories: no report$/m],
    ['it says nothing at all', '', 'exec sleep 60', 0, /^\.: could not ask for advisories: no answer within 1\.5 s$/m]
  ])('when %s', async (_what, printed, ends, code, says) => {
    const ended = await auditWith(printed, ends)
    expect(ended.stdout).toMatch(says)
    expect(ended.stdout.trim().split('\n')).toHaveLength(3)
    expect([ended.code, ended.stderr]).toEqual([code, ''])
  })
})
