import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const STAND_IN = fileURLToPath(new URL('curl-stand-in.ts', import.meta.url))

export const hasCurl = (): boolean => spawnSync('curl', ['--version']).status === 0

/** A `PATH` on which `curl` is our own stand-in. */
export async function standInForCurl(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'inference-club-curl-'))
  await writeFile(join(folder, 'curl'), `#!/bin/sh\nexec '${process.execPath}' '${STAND_IN}' "$@"\n`, { mode: 0o755 })
  return { path: `${folder}:${process.env.PATH}`, remove: () => rm(folder, { recursive: true }) }
}

/** A `PATH` that has a `curl`: the machine's, or the stand-in where there is none. */
export const pathWithCurl = async (): Promise<{ path: string; remove(): Promise<void> }> =>
  hasCurl() ? { path: process.env.PATH ?? '', remove: async () => undefined } : standInForCurl()
