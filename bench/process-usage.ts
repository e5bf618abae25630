import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { forgetPeak, peakMemory } from '../tests/support/measure-memory.ts'
import type { WatchedProcess } from './targets/target.ts'

/** Whether the kernel tells what other processes take; elsewhere CPU and memory are not measured. */
export const TELLS_USAGE = existsSync('/proc/self/stat')

/** Linux counts in hundredths of a second for everybody who reads `/proc`, whatever its own clock is. */
const MS_PER_TICK = 10
/** More than a gateway or an agent takes in a second that has nothing to do. */
const QUIET_MS = 40
const SETTLES_WITHIN_MS = 600_000
/** Where nobody tells. */
const SETTLES_MS = 5000
export const MIB = 1024 * 1024

/** User and system time of all its threads so far. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which may have spaces: the third field and further ones; 14 and 15 are wanted.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

/** The same, without what threads took that have ended, to the microsecond: of a process that does next to nothing. */
export async function exactCpuMsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const told = await Promise.all(
    threads.map(async (id) => readFile(`/proc/${pid}/task/${id}/schedstat`, 'utf8').catch(() => '0'))
  )
  return told.reduce((sum, line) => sum + Number(line.split(' ')[0]) / 1e6, 0)
}

/** Waits until a process has done what it does once after its start: until it takes next to nothing for a second. */
export async function settle({ pid }: Pick<WatchedProcess, 'pid'>): Promise<void> {
  if (!TELLS_USAGE) return sleep(SETTLES_MS)
  const deadline = performance.now() + SETTLES_WITHIN_MS
  for (let before = 0, now = await exactCpuMsOf(pid); now - before > QUIET_MS;) {
    if (performance.now() > deadline) throw new Error('a process does not come to rest')
    await sleep(1000)
    ;[before, now] = [now, await exactCpuMsOf(pid)]
  }
}

export interface UsageWatch {
  /** `gateway CPU, ms/image` and `gateway peak, MiB` of each process, and the CPU of this one, which calls. */
  since(images: number): Promise<Record<string, number>>
}

/** Begins to watch what processes take. */
export async function watchUsage(processes: readonly WatchedProcess[]): Promise<UsageWatch> {
  if (!TELLS_USAGE) return { since: async () => ({}) }
  const caller = process.cpuUsage()
  const before = await Promise.all(
    processes.map(async (one) => {
      await forgetPeak(one.pid)
      return { ...one, cpuMs: await cpuMsOf(one.pid) }
    })
  )
  return {
    since: async (images) => {
      const figures: Record<string, number> = {}
      for (const { name, pid, cpuMs } of before) {
        figures[`${name} CPU, ms/image`] = ((await cpuMsOf(pid)) - cpuMs) / images
        figures[`${name} peak, MiB`] = (await peakMemory(pid)) / MIB
      }
      const { user, system } = process.cpuUsage(caller)
      figures['caller CPU, ms/image'] = (user + system) / 1000 / images
      return figures
    }
  }
}
