import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { addFolder, makeFolder, type syncFolder } from '../lib/folders.ts'

export interface ObjectFolders {
  /** Makes a folder, unless it is there; when it resolves, it survives a power cut. */
  keep(folder: string): Promise<void>
  /** Gives a file its name, in a folder that is kept. */
  place(temporary: string, target: string): Promise<void>
}

/** The folders of objects. Each is made, and synced in its parent, once; whoever needs it meanwhile waits for that. */
export function createObjectFolders(root: string, sync: typeof syncFolder): ObjectFolders {
  const kept = new Map<string, Promise<void>>()

  const make = async (folder: string) => {
    if (folder === root) await makeFolder(root, sync)
    else {
      await keep(dirname(folder))
      await addFolder(folder, sync)
    }
  }
  const keep = async (folder: string): Promise<void> => {
    const known = kept.get(folder) ?? make(folder)
    kept.set(folder, known)
    try {
      await known
    } catch (error) {
      kept.delete(folder)
      throw error
    }
  }
  const place = async (temporary: string, target: string) => {
    await keep(dirname(target))
    await rename(temporary, target)
  }
  return {
    keep,
    place: (temporary, target) =>
      place(temporary, target).catch((error: unknown) => {
        // Somebody has removed what was known.
        if (!MISSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error
        kept.clear()
        return place(temporary, target)
      })
  }
}

const MISSING = new Set(['ENOENT', 'ENOTDIR'])
