/** How large one is. Larger ones are written to a socket in fewer calls, and small things waste more of them. */
export const BLOCK_BYTES = 256 * 1024
/** Memory that nobody has needed for so long is given back. */
const IDLE_MS = 30_000

/**
 * Memory for bytes that come and go, in blocks that are used again: V8 collects its whole heap for a few large buffers that are new, which
 * takes longer than all that is done with them.
 */
export interface MemoryBlocks {
  /** Blocks with room for so many bytes, in which anything may lie; undefined when there are not so many. */
  take(bytes: number): Buffer[] | undefined
  /** Blocks that were taken and nobody looks at any more: others write into them next. */
  giveBack(blocks: Buffer[]): void
  /** Gives back all that is not taken. */
  close(): void
}

/** @param maxBytes of all that is taken at the same time, in whole blocks. */
export function createMemoryBlocks(maxBytes: number): MemoryBlocks {
  let free = Math.floor(maxBytes / BLOCK_BYTES)
  let spare: Buffer[] = []
  let idle: NodeJS.Timeout | undefined
  const drop = () => {
    spare = []
    idle = undefined
  }
  return {
    take: (bytes) => {
      const count = Math.ceil(bytes / BLOCK_BYTES)
      if (count > free) return undefined
      free -= count
      return Array.from({ length: count }, () => spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES))
    },
    giveBack: (blocks) => {
      free += blocks.length
      spare.push(...blocks)
      if (idle) idle.refresh()
      else idle = setTimeout(drop, IDLE_MS).unref()
    },
    close: () => {
      clearTimeout(idle)
      drop()
    }
  }
}
