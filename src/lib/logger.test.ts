import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { escapeMarks } from './logger.ts'

it('escapes what would do something on a terminal, and the line stays the same JSON', () => {
  const said = { text: 'a\u202eb\x9b2Jc\u2028d\x7f', fine: 'Größe 🦊' }
  const line = escapeMarks(JSON.stringify(said))
  expect(line).toMatch(/^[^\x7f-\x9f\u202e\u2028]*$/)
  expect(line).toContain('Größe 🦊')
  expect(JSON.parse(line)).toEqual(said)
})

it('has on a terminal what waits for more of its kind written when the process ends, however it does', () => {
  const logger = JSON.stringify(new URL('logger.ts', import.meta.url).href)
  for (const end of ['', 'process.exit(1)', "throw new Error('boom')"]) {
    const program = `
      process.stderr.isTTY = true
      const { createLogger } = await import(${logger})
      const logger = createLogger('info')
      for (const service of ['a', 'b']) logger.warn({ service }, service + ': it is full')
      ${end}`
    const args = ['--input-type=module', '-e', program]
    const { stderr } = spawnSync(process.execPath, args, { env: {}, encoding: 'utf8' })
    expect(stderr).toMatch(/a and b: it is full\n/)
  }
})

it.skipIf(process.platform === 'win32')(
  'keeps the first million bytes of what cannot be written, as on a full disk, and writes them when there is room again',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'unwritten-log-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'log')
    const log = await open(path, 'a')
    // More than a file of the program may have, whichever blocks its shell counts in.
    await log.truncate(8 * 1024 * 1024)
    const program = `
      const { createLogger } = await import(${JSON.stringify(new URL('logger.ts', import.meta.url).href)})
      const logger = createLogger('info')
      for (let line = 0; line < 1100; line++) logger.info({ line }, 'x'.repeat(1000))
      process.stdin.once('data', () => {
        for (const line of ['first', 'second']) logger.info({ line }, 'there is room')
        process.exit()
      })
      console.log('written')`
    const shell = ['-c', 'ulimit -f 8192; exec "$0" --input-type=module -e "$1"', process.execPath, program]
    const child = spawn('sh', shell, { env: {}, stdio: ['pipe', 'pipe', log.fd] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    await once(child.stdout!, 'data')
    await log.truncate(0)
    await log.close()
    child.stdin!.write('.')
    await ended
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    const told = lines.map((line) => (JSON.parse(line) as { line: unknown }).line)
    expect(told.at(-1)).toBe('second')
    const kept = told.filter((line) => typeof line === 'number')
    expect(kept).toEqual(kept.map((_, index) => index))
    const bytes = lines.slice(0, kept.length).join('\n').length + 1
    expect(bytes).toBeLessThanOrEqual(1_000_000)
    expect(bytes).toBeGreaterThan(1_000_000 - 1200)
  }
)
