import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { pathToFileURL } from 'node:url'
import { type BuildStamp, isCurrent } from '../../src/lib/build-stamp.ts'
import { ROOT } from '../../tests/support/run-program.ts'

/** Where the figures come from, without a name of the machine or a path of it. */
export interface MachineDescription {
  cpu: string
  cores: number
  memoryGiB: number
  system: string
  node: string
  commit: string
  /** Whether the gateway ran as it was built, and not from its sources because these have been edited since. */
  isBuilt: boolean
  /** Of its beginning. */
  date: string
  /** What others made of the machine when it began: the mean number of processes that wanted to run in the last minute. */
  load: number
}

export function describeMachine(): MachineDescription {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    commit: describeCommit(),
    isBuilt: findBuild(),
    date: new Date().toISOString(),
    load: loadavg()[0] ?? NaN
  }
}

/** With a plus when there are changes that are in no commit. */
function describeCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    return (
      git('rev-parse', '--short=10', 'HEAD') + (git('status', '--porcelain', 'src', 'package-lock.json') ? '+' : '')
    )
  } catch {
    return 'unknown'
  }
}

function findBuild(): boolean {
  const root = pathToFileURL(`${ROOT}/`)
  try {
    return isCurrent(root, JSON.parse(readFileSync(new URL('dist/program/stamp.json', root), 'utf8')) as BuildStamp)
  } catch {
    return false // There is none.
  }
}

export const presentMachine = (machine: MachineDescription): string =>
  [
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    `commit ${machine.commit}${machine.isBuilt ? '' : ' from its sources'}, begun ${machine.date} with a load of ${machine.load.toFixed(1)}`
  ].join('; ')
