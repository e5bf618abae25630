import { type FSWatcher, watch as watchFile } from 'node:fs'
import { toWholeSecond } from '../lib/async.ts'

/** How soon a gateway notices what another process wrote. */
const NOTICED_WITHIN_MS = 200
/** Where the system says when the file is written, in case it does not say so of all. */
const LOOK_EVERY_MS = 1000

/**
 * Calls `look` now, within 200 ms of each time the write-ahead log was written, by this or another process, and once a second. A
 * look every 200 ms, as it is where the system watches no files or has no watch left, would be most of what wakes an idle
 * process. While the log is being written nobody watches it: each write would be a call.
 */
export function watchOtherWriters({
  logPath,
  look,
  watch = watchFile
}: {
  logPath: string
  look: () => void
  watch?: typeof watchFile
}): { close(): void } {
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined

  const onWrite = () => {
    watcher?.close()
    watcher = undefined
    clearTimeout(timer)
    timer = setTimeout(lookAgain, NOTICED_WITHIN_MS).unref()
  }
  const startWatching = (): FSWatcher | undefined => {
    try {
      return watch(logPath, { persistent: false }, onWrite).on('error', onWrite)
    } catch {
      return undefined // The system has none, or too many; it is tried again with the next look.
    }
  }
  const lookAgain = () => {
    // First, so that what is written while it looks is told.
    watcher ??= startWatching()
    look()
    timer = setTimeout(lookAgain, watcher ? toWholeSecond(LOOK_EVERY_MS) : NOTICED_WITHIN_MS).unref()
  }
  lookAgain()
  return {
    close: () => {
      watcher?.close()
      clearTimeout(timer)
    }
  }
}
