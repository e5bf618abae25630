import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../tests/support/free-port.ts'
import { residentMemory } from '../../tests/support/measure-memory.ts'
import { startProgram } from '../../tests/support/run-program.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { cpuMsOf, MIB, TELLS_USAGE } from '../process-usage.ts'
import type { BenchContext, Part } from './part.ts'

const LOOK_EVERY_MS = 5

export const start: Part = {
  name: 'start',
  about: 'from the command to 200 at /readyz, with a data folder that is there',
  run: async ({ options, record }) => {
    const folder = await mkdtemp(join(tmpdir(), 'inference-club-bench-'))
    try {
      await startOnce(folder)
      for (let run = 0; run < options.runs; run++) {
        record({ what: 'Start, to readyz', target: 'inference.club', figures: await startOnce(folder) })
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

async function startOnce(folder: string): Promise<Parameters<BenchContext['record']>[0]['figures']> {
  const port = await freePort()
  const began = performance.now()
  const server = startProgram(['serve'], {
    env: { INFERENCE_CLUB_PORT: String(port), INFERENCE_CLUB_DATA_DIR: folder }
  })
  try {
    const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok
    await waitFor(isReady, 60_000, LOOK_EVERY_MS)
    const ms = performance.now() - began
    const pid = server.process.pid ?? 0
    if (!TELLS_USAGE) return { 'ready, ms': ms }
    return { 'ready, ms': ms, 'CPU, ms': await cpuMsOf(pid), 'memory, MiB': (await residentMemory(pid)) / MIB }
  } finally {
    await server.stop()
  }
}
