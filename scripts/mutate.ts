import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { globSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'
import { createRandom } from '../tests/support/seeded-random.ts'
import { listMutants, type Mutant } from './list-mutants.ts'

/**
 * Whether tests can fail: `npm run mutate -- src/images [--sample 30] [--seed 1]` puts faults into the sources of a folder, or
 * into one file, one at a time and in a copy of the checkout, and runs those tests beside them, and of the few in `TESTS_ELSEWHERE`,
 * that load the changed file. A fault is killed when one of them fails or does not end; those that survive are listed.
 */

/** The tests elsewhere that stand for a folder: few and quick, for they run for every mutant that those beside it let live. */
const TESTS_ELSEWHERE: Record<string, string[]> = {
  requests: ['lease-rules', 'attempt-ends', 'lease-fuzz', 'idempotency', 'stored-bytes', 'lock-order'],
  dispatch: ['no-provider'],
  storage: ['assets'],
  images: ['image-reports'],
  auth: ['api-keys', 'rate-limits', 'dashboard-keys'],
  people: ['dashboard-people', 'dashboard-account', 'invitations', 'sign-in', 'oauth']
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } }
})
const [under] = positionals
if (!under) throw new Error('usage: npm run mutate -- src/<folder>[/<file>.ts] [--sample 30] [--seed 1]')
const sources = globSync(under.endsWith('.ts') ? under : `${under}/**/*.ts`).filter(
  (path) => !path.endsWith('.test.ts')
)
const folder = under.split('/')[1] ?? ''
const beside = globSync(`src/${folder}/**/*.test.ts`)
const elsewhere = (TESTS_ELSEWHERE[folder] ?? []).map((name) => `tests/integration/${name}.test.ts`)

const importsOf = new Map<string, string[]>()
/** Whether a file loads another, itself or through others. */
function loads(path: string, sought: string, seen = new Set<string>()): boolean {
  if (path === sought) return true
  if (seen.has(path)) return false
  seen.add(path)
  const found =
    importsOf.get(path) ?? ts.preProcessFile(readFileSync(path, 'utf8')).importedFiles.map((one) => one.fileName)
  importsOf.set(path, found)
  return found.some((name) => /^\..*\.ts$/.test(name) && loads(join(dirname(path), name), sought, seen))
}

/** Runs test files in the copy until the first fails; whether all of them passed in time. */
function passes(copy: string, files: string[], withinMs: number): Promise<boolean> {
  if (files.length === 0) return Promise.resolve(true)
  const args = ['node_modules/.bin/vitest', 'run', '--bail=1', '--reporter=dot', ...files]
  // Leads a group, so that the programs which tests start end with it; their files are in the copy too.
  const env = { ...process.env, TMPDIR: join(copy, 'tmp') }
  const run = spawn(process.execPath, args, { cwd: copy, env, detached: true, stdio: 'ignore' })
  const end = () => process.kill(-run.pid!, 'SIGKILL')
  const timer = setTimeout(end, withinMs)
  return new Promise((resolve) => run.once('exit', (code) => resolve(code === 0))).finally(() => {
    clearTimeout(timer)
    try {
      end()
    } catch {
      // Nothing of it is left.
    }
  }) as Promise<boolean>
}

/** A copy of what git knows or would, so that a mutant is never seen in the checkout. */
async function copyCheckout(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'mutants-'))
  const parts = ['src', 'tests', 'web', 'scripts', 'bin', 'docs', 'package.json', 'tsconfig.json', 'vitest.config.ts']
  for (const part of [...parts, 'README.md', 'eslint.config.js']) {
    await cp(part, join(copy, part), { recursive: true, filter: (path) => !path.includes('node_modules') })
  }
  await symlink(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'))
  await mkdir(join(copy, 'tmp'))
  return copy
}

/** Whether a test fails, or none ends, with a mutant in place. */
async function dies(copy: string, mutant: Mutant, withinMs: number): Promise<boolean> {
  const path = join(copy, mutant.path)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.slice(0, mutant.start) + mutant.becomes + text.slice(mutant.end))
  try {
    for (const files of [beside, elsewhere]) {
      const related = files.filter((file) => loads(file, mutant.path))
      if (!(await passes(copy, related, withinMs))) return true
    }
    return false
  } finally {
    await writeFile(path, text)
  }
}

const all = sources.flatMap((path) => listMutants(path, readFileSync(path, 'utf8')))
const random = createRandom(Number(options.seed))
const sample = all
  .map((mutant) => ({ mutant, order: random.between(0, 1) }))
  .sort((one, other) => one.order - other.order)
  .slice(0, Number(options.sample))
  .map(({ mutant }) => mutant)
const copy = await copyCheckout()
const began = performance.now()
try {
  if (!(await passes(copy, [...beside, ...elsewhere], 600_000))) throw new Error('The tests fail without a mutant.')
  const withinMs = (performance.now() - began) * 3 + 10_000
  let killed = 0
  for (const mutant of sample) {
    const isDead = await dies(copy, mutant, withinMs)
    if (isDead) killed += 1
    console.log(`${isDead ? 'killed  ' : 'SURVIVED'} ${mutant.path}:${mutant.line} ${mutant.what}`)
  }
  console.log(`${killed} of ${sample.length} killed; ${all.length} there are; seed ${options.seed}`)
} finally {
  await rm(copy, { recursive: true })
}
