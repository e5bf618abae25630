/**
 * Loaded into a program before all else (`--import`, with `TORTURE_MEMORY` naming a file), it writes there what memory is in
 * use once all that is not has been collected, whenever the program gets SIGUSR2.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'
import { sleep } from '../../../src/lib/async.ts'
import { waitFor } from '../../support/wait-for.ts'

const FILE = process.env.TORTURE_MEMORY
const ROUNDS = 3
const ANSWER_WITHIN_MS = 20_000

export interface MemoryInUse {
  /** Bytes. */
  heap: number
  /** Bytes of buffers outside of it. */
  buffers: number
  /** Bytes that the process holds of the machine's. */
  resident: number
}

if (FILE !== undefined && isMainThread) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const tell = async () => {
    for (let round = 0; round < ROUNDS; round++) {
      collect()
      await sleep(50)
    }
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
    const inUse: MemoryInUse = { heap: heapUsed, buffers: arrayBuffers, resident: rss }
    writeFileSync(`${FILE}.new`, JSON.stringify(inUse))
    renameSync(`${FILE}.new`, FILE)
  }
  process.on('SIGUSR2', () => void tell())
}

/** What a program's environment needs for it. */
export const tellingMemory = (file: string) => ({
  env: { TORTURE_MEMORY: file },
  module: fileURLToPath(import.meta.url)
})

export async function askMemory(program: { signal(signal: NodeJS.Signals): void }, file: string): Promise<MemoryInUse> {
  await rm(file, { force: true })
  program.signal('SIGUSR2')
  const text = await waitFor(() => readFile(file, 'utf8').catch(() => undefined), ANSWER_WITHIN_MS)
  return JSON.parse(text) as MemoryInUse
}
