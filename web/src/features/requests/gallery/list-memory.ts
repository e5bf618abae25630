/** How a list was when the reader left it, so that it is the same when they come back. */
export interface ListMemory {
  /** When the newest request was made that is shown; those made since wait above. UTC milliseconds. */
  heldAt?: number | undefined
  /** The request that had the focus last. */
  activeId?: string | undefined
}

const memories = new Map<string, ListMemory>()

export const recallList = (key: string): ListMemory => memories.get(key) ?? {}

export const rememberList = (key: string, part: ListMemory): void =>
  void memories.set(key, { ...memories.get(key), ...part })
