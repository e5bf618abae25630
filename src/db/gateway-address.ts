import { open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDataDirLocked } from './data-dir-lock.ts'

/** Where a gateway can be reached, without a slash at the end of either. */
export interface GatewayAddress {
  /** Where it listens, as a caller on the same machine reaches it. */
  url: string
  /** Where people reach it, when it was told. */
  publicUrl?: string
  /** Where it stores images, and from where they are being moved, as its settings say. */
  storage?: string
  storageFrom?: string
}

const MAX_BYTES = 4096

const pathIn = (dataDir: string): string => join(dataDir, 'gateway.json')

/** Leaves the address in the data folder, for commands that run beside the gateway. It counts while the folder is locked. */
export async function leaveGatewayAddress(dataDir: string, address: GatewayAddress): Promise<void> {
  const path = pathIn(dataDir)
  // Renamed into place, so that nobody ever reads half of it.
  await writeFile(`${path}.new`, `${JSON.stringify(address)}\n`)
  await rename(`${path}.new`, path)
}

/** Removes what a gateway left there, if anything. */
export const forgetGatewayAddress = (dataDir: string): Promise<void> => rm(pathIn(dataDir), { force: true })

/** The address of the gateway that runs on the folder now; undefined when none does, or none that said where. */
export async function findGatewayAddress(dataDir: string): Promise<GatewayAddress | undefined> {
  if (!isDataDirLocked(dataDir)) return undefined
  try {
    const told = JSON.parse(await readBounded(pathIn(dataDir))) as Record<string, unknown>
    const { url, publicUrl, storage, storageFrom } = told
    if (!isHttpUrl(url) || (publicUrl !== undefined && !isHttpUrl(publicUrl))) return undefined
    return {
      url,
      ...(publicUrl !== undefined && { publicUrl }),
      ...(typeof storage === 'string' && { storage }),
      ...(typeof storageFrom === 'string' && { storageFrom })
    }
  } catch {
    return undefined // It is a convenience: without it, the environment tells the address.
  }
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

const isHttpUrl = (value: unknown): value is string =>
  typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? '')
