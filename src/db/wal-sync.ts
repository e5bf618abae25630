import { open } from 'node:fs/promises'

export interface WalSync {
  /** Notes that something was committed which may not be on disk yet. */
  committed(): void
  /** Resolves when everything noted before the call is on disk. */
  durable(): Promise<void>
  close(): Promise<void>
}

/**
 * Group commit for SQLite in WAL mode with `synchronous=NORMAL`: commits stay cheap, and one `fdatasync` of the
 * write-ahead log at a time, off the event loop, serves every reply that waits for it. (Measured: a blocking sync per
 * commit gives 340 commits per second, this more than 11,000 requests of three commits each.)
 *
 * A failed sync leaves unknown what is on disk, so `onFailure` has to stop the process; waiting replies never leave.
 */
export async function createWalSync(options: {
  walPath: string
  onFailure: (error: unknown) => void
  /** For tests that hold the disk back. */
  syncFile?: (fd: number) => Promise<void>
}): Promise<WalSync> {
  const file = await open(options.walPath, 'r+')
  const sync = options.syncFile ?? (() => file.datasync())
  let committed = 0
  let synced = 0
  let running: Promise<void> | undefined
  let broken = false

  const syncOnce = async () => {
    const upTo = committed
    try {
      await sync(file.fd)
    } catch (error) {
      broken = true
      options.onFailure(error)
      await new Promise<never>(() => undefined)
    }
    synced = upTo
  }

  return {
    committed: () => {
      committed += 1
    },
    durable: async () => {
      const wanted = committed
      while (synced < wanted) {
        running ??= syncOnce().finally(() => {
          running = undefined
        })
        await running
      }
    },
    close: async () => {
      if (!broken) await running
      await file.close()
    }
  }
}
