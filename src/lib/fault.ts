/** What is at fault when something of ours cannot be done now and may be done later: see `AppError` of the same names. */
export type Fault = 'storage' | 'database'

/** The disk is full, over its quota, failing or read-only. */
const DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])
const MOST_CAUSES = 8

/**
 * What `find` makes of an error, or else of what caused it: the first result that is not undefined, from the outermost
 * error inwards.
 */
export function findInCauses<T>(error: unknown, find: (error: unknown) => T | undefined): T | undefined {
  let one = error
  for (let depth = 0; depth < MOST_CAUSES && one !== undefined && one !== null; depth++) {
    const found = find(one)
    if (found !== undefined) return found
    one = (one as { cause?: unknown }).cause
  }
  return undefined
}

/** Whether the file system said so. */
export const isDiskFault = (error: unknown): boolean =>
  DISK_CODES.has((error as NodeJS.ErrnoException | undefined)?.code ?? '')
