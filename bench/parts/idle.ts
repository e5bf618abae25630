import { setTimeout as sleep } from 'node:timers/promises'
import { residentMemory } from '../../tests/support/measure-memory.ts'
import { exactCpuMsOf, MIB, settle, TELLS_USAGE } from '../process-usage.ts'
import { openClub } from '../targets/open-club.ts'
import type { Part } from './part.ts'

const WATCHED_MS = 4000

export const idle: Part = {
  name: 'idle',
  about: 'CPU and memory of a gateway and its agent that nobody asks for anything',
  run: async ({ options, upstream, record }) => {
    if (!TELLS_USAGE) return
    await using stack = new AsyncDisposableStack()
    const club = await openClub(upstream)
    stack.defer(() => club.remove())
    for (const one of club.processes) await settle(one)
    for (let run = 0; run < options.runs; run++) {
      const before = await Promise.all(club.processes.map(({ pid }) => exactCpuMsOf(pid)))
      await sleep(WATCHED_MS)
      for (const [index, { name, pid }] of club.processes.entries()) {
        const cpuMs = (await exactCpuMsOf(pid)) - (before[index] ?? 0)
        const figures = { 'CPU, ms/s': cpuMs / (WATCHED_MS / 1000), 'memory, MiB': (await residentMemory(pid)) / MIB }
        record({ what: 'Idle, one agent', target: name, figures })
      }
    }
  }
}
