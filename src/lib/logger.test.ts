import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
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
