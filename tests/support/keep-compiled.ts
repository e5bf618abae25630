import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Lets the programs that tests start keep what they compile for the next start, as long as this run lasts: they all run the
 * same sources, and compiling is half of what a start costs.
 */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'inference-club-compiled-'))
  process.env.NODE_COMPILE_CACHE = folder
  // The processes of the tests end meanwhile, and write what they compiled when they do.
  return () => rm(folder, { recursive: true, maxRetries: 10 })
}
