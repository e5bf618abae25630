import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What a build was made of: files, as URLs relative to the checkout, and a digest of all that is in them. */
export interface BuildStamp {
  files: string[]
  digest: string
}

/** The stamp of these files as they are now. `root` ends with a slash. Throws when one cannot be read. */
export function stampOf(root: URL, files: string[]): BuildStamp {
  const hash = createHash('sha1')
  // A URL for each of hundreds of files takes as long as to read them.
  const folder = fileURLToPath(root)
  for (const file of files) {
    const bytes = readFileSync(folder + file)
    // With its length, so that no text can move from one file to the next unseen.
    hash.update(`${file} ${bytes.length}\n`).update(bytes)
  }
  return { files, digest: hash.digest('hex') }
}

/**
 * Whether the files are what they were when the build was made, byte by byte: times would tell a copy, a clone or a clock
 * that was set from an edit, or not.
 */
export function isCurrent(root: URL, stamp: BuildStamp): boolean {
  try {
    return stampOf(root, stamp.files).digest === stamp.digest
  } catch {
    return false // One of them has gone.
  }
}
