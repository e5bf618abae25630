import { readlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const LOG = /-wal$/

export interface Sync {
  fd: number
  /** Of the file or folder. */
  path: string
  /** It is the write-ahead log of the database. */
  ofLog: boolean
  /** Does it. */
  really: () => Promise<void>
}

/** From now on this process syncs by that; not SQLite itself, which syncs when it moves its log. */
export async function aroundSyncs(does: (sync: Sync) => Promise<void>): Promise<void> {
  const any = await open(fileURLToPath(import.meta.url))
  const handles = Object.getPrototypeOf(any) as Record<'sync' | 'datasync', (this: { fd: number }) => Promise<void>>
  await any.close()
  for (const name of ['sync', 'datasync'] as const) {
    const really = handles[name]
    handles[name] = async function () {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`)
      await does({ fd: this.fd, path, ofLog: LOG.test(path), really: () => really.call(this) })
    }
  }
}
