import { statfs } from 'node:fs/promises'

/** Bytes that this program may still write to the disk a path is on; null when that cannot be told. */
export async function freeBytesAt(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch {
    return null // It says nothing; whether the disk works is found out by using it.
  }
}
