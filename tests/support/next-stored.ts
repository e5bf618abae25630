import { existsSync, watch } from 'node:fs'
import { join } from 'node:path'

/**
 * Resolves the moment an image has been moved into its place, where no row refers to it yet; after `withinMs` at the
 * latest.
 */
export function nextStored(dataDir: string, withinMs: number): Promise<void> {
  const unfinished = join(dataDir, 'unfinished')
  const watcher = watch(unfinished)
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      watcher.close()
      resolve()
    }
    const timer = setTimeout(done, withinMs)
    watcher.on('error', done)
    watcher.on('change', (_event, name) => {
      if (!existsSync(join(unfinished, String(name)))) done()
    })
  })
}
