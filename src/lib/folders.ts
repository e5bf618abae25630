import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Without it a power cut may lose the names of what was just made in a folder, removed from it or renamed. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Makes a folder and those above it that are missing; when it resolves, they survive a power cut. */
export async function makeFolder(path: string, sync: typeof syncFolder = syncFolder): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = resolve(path); ; made = dirname(made)) {
    await sync(dirname(made))
    if (made === resolve(first) || made === dirname(made)) return
  }
}
