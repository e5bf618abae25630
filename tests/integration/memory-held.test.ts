import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runInShell, runProgram } from '../support/run-program.ts'
import { judgeMemory } from '../torture/trials/load.ts'

const MIB = 1024 ** 2

/** Keeps 40 MiB or so, and makes a gigabyte of rubbish that lives for a moment. */
const RUBBISH = `
import { isMainThread } from 'node:worker_threads'
if (isMainThread) {
  const kept = Array.from({ length: 200_000 }, (_, at) => ({ at, name: 'item ' + at, more: [at, at + 1] }))
  let young = []
  for (let at = 0; at < 8_000_000; at++) {
    young.push({ at, text: 'rubbish ' + at })
    if (young.length > 60_000) young = []
  }
  console.log('holds ' + process.memoryUsage.rss(), kept.length)
  process.exit(0)
}
`

// Without the flags in `bin/inference-club` it is 450 MiB on a machine with 24 GiB, with them 170 to 210.
it('holds little more memory than is in use, however much is thrown away', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'memory-held-'))
  try {
    const module = join(folder, 'rubbish.mjs')
    await writeFile(module, RUBBISH)
    const { stdout, stderr } = await runProgram(['--version'], { env: { NODE_OPTIONS: `--import ${module}` } })
    const [, held] = /holds (\d+)/.exec(stdout) ?? []
    expect(Number(held), stderr).toBeLessThan(320 * MIB)
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('is started by npm as by its own name', async () => {
  const { stdout } = await runInShell('npm pkg get scripts.start')
  expect(stdout).toMatch(/exec bin\/inference-club /)
})

it('is judged by what is held in the last third of a trial, and by what is in use at its end', () => {
  const looks = (resident: (at: number) => number, heap: (at: number) => number = () => 60) =>
    Array.from({ length: 18 }, (_, at) => ({
      images: at * 1000,
      memory: { heap: heap(at) * MIB, buffers: 0, resident: resident(at) * MIB }
    }))
  expect(judgeMemory(looks((at) => Math.min(300, 200 + 20 * at)))).toEqual([])
  expect(judgeMemory(looks((at) => (at === 15 ? 900 : 300)))).toEqual([])
  expect(judgeMemory(looks((at) => (at < 12 ? 300 : 330)))).toEqual([])
  expect(judgeMemory(looks((at) => (at < 12 ? 300 : 331)))).toEqual([
    'memory held rose from 300 MiB to 331 MiB in the last third'
  ])
  expect(
    judgeMemory(
      looks(
        () => 300,
        (at) => 60 + 2 * at
      )
    )
  ).toEqual(['memory in use rose by 34 MiB after 0 images'])
})
