import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ROOT, runProgram } from '../support/run-program.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-left-out-'))
  await mkdir(join(folder, 'tests/e2e'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { nothingLeftOut } from '${ROOT}/tests/e2e/nothing-left-out.ts'
     export default { test: { reporters: ['default', nothingLeftOut], retry: 1 } }`
  )
})
afterEach(() => rm(folder, { recursive: true }))

/** Runs a project that has these test files, with one more try as on a CI machine. */
async function run(files: Record<string, string>) {
  const imports = `
    import { afterAll, beforeAll, describe, expect, it } from 'vitest'
    import { describeSteps } from '${ROOT}/tests/e2e/describe-steps.ts'\n`
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), imports + text)
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run']
  return runProgram(args, { program: process.execPath, cwd: folder, env: { NO_COLOR: '1' } })
}

describe('a run with tests in a browser', () => {
  it('ends red when one skips itself because something was not there', async () => {
    const skipping = "it('opens a page', ({ skip }) => skip('no browser'))"
    const { code, stderr } = await run({ 'tests/e2e/a.test.ts': skipping })
    expect(stderr).toContain('opens a page')
    expect(code).toBe(1)
  })

  it('ends red when a step fails, though there is one more try', async () => {
    const steps = `
      describeSteps('a story', () => {
        it('begins', () => expect(1).toBe(2))
        it('goes on', () => {})
      })`
    const { code, stdout, stderr } = await run({ 'tests/e2e/a.test.ts': steps })
    expect(code).toBe(1)
    expect(stdout).toContain('1 failed | 1 skipped')
    expect(stderr).toContain('a story > goes on')
  })

  it('ends green when all passed but what this machine cannot run, or what skips itself elsewhere', async () => {
    const fine = "it('runs', () => {}); it.skipIf(true)('needs another system', () => {})"
    const asking = "it('asks first', ({ skip }) => skip())"
    const files = { 'tests/e2e/a.test.ts': fine, 'tests/a.test.ts': asking }
    expect(await run(files)).toMatchObject({ code: 0, stderr: '' })
  })
})
