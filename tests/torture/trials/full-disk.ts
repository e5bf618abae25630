import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sleep } from '../../../src/lib/async.ts'
import { freeBytesAt } from '../../../src/lib/free-bytes.ts'
import { startTorturedSite } from '../tortured-site.ts'
import { CannotRunHere, type Trial } from '../trial.ts'

const run = promisify(execFile)
const DISK_MIB = 64

/** Something else fills the disk to its last byte, again and again, and goes away. */
export const fullDisk: Trial = {
  name: 'full-disk',
  weight: 2,
  mounts: true,
  run: async (parts) => {
    const disk = await mkdtemp(join(tmpdir(), 'inference-club-small-disk-'))
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]).catch(async (error: unknown) => {
      await rm(disk, { recursive: true })
      throw new CannotRunHere(`no disk can be mounted: ${String(error).split('\n')[0]}`)
    })
    try {
      return await fillAndAudit(parts, join(disk, 'site'))
    } finally {
      await run('umount', [disk])
      await rm(disk, { recursive: true })
    }
  }
}

const fillAndAudit: (parts: Parameters<Trial['run']>[0], folder: string) => ReturnType<Trial['run']> = async (
  parts,
  folder
) => {
  // The reserve would keep it from ever being full.
  const gatewayEnv = { INFERENCE_CLUB_DISK_RESERVE: '0' }
  const site = await startTorturedSite(parts, { folder, gatewayEnv })
  const ballast = join(folder, 'ballast')
  try {
    const random = parts.random.fork('disk')
    const end = performance.now() + parts.seconds * 1000
    let times = 0
    const fill = async () => {
      while (performance.now() < end) {
        await sleep(random.between(500, 2500))
        times += 1
        // What is freed meanwhile is taken again.
        for (const until = performance.now() + random.between(500, 4000); performance.now() < until; await sleep(100)) {
          const free = (await freeBytesAt(folder)) ?? 0
          await writeFile(ballast, Buffer.alloc(free), { flag: 'a' }).catch(() => undefined) // Another was faster.
        }
        await rm(ballast, { force: true })
      }
    }
    await site.loadDuring(fill(), { perSecond: 10 })
    // What could not be delivered was made and is kept; only an agent that gives it up makes it again.
    return await site.conclude(`${times} times full, ${site.tally.putOff} calls put off`)
  } finally {
    await site.remove()
  }
}
