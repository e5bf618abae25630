/**
 * Loaded into a program before all else (`--import`, with `MEASURED_TURNS` naming a file), it writes down each turn of the event
 * loop that computed for a noticeable time: when it ended, and for how long it kept the main thread busy, in milliseconds.
 * The processor's time is the same on an idle and on a busy machine, where others make everything wait.
 */
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'

const FILE = process.env.MEASURED_TURNS
const LOOK_EVERY_MS = 1
const NOTICEABLE_MS = 20

if (FILE !== undefined && isMainThread) {
  let before = process.threadCpuUsage()
  setInterval(() => {
    const { user, system } = process.threadCpuUsage()
    const ms = (user + system - before.user - before.system) / 1000
    if (ms >= NOTICEABLE_MS) appendFileSync(FILE, `${Date.now()} ${ms}\n`)
    before = process.threadCpuUsage()
  }, LOOK_EVERY_MS).unref()
}

/** What a program's environment needs for it. */
export const measuringTurns = (file: string): Record<string, string> => ({
  MEASURED_TURNS: file,
  // As a URL: a path may have a space in it.
  NODE_OPTIONS: `--import ${import.meta.url}`
})

/** The longest turn that has ended since then (UTC milliseconds), in milliseconds; 0 when none was noticeable. */
export async function longestTurn(file: string, since: number): Promise<number> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n')
  const turns = lines.map((line) => line.split(' ').map(Number))
  return Math.max(0, ...turns.filter(([at = 0]) => at >= since).map(([, ms = 0]) => ms))
}
