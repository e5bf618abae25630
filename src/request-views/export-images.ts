import { addAbortSignal, type Readable } from 'node:stream'
import type { Assets } from '../assets/assets.ts'
import { formatOfMediaType, type ImageMediaType } from '../images/media-types.ts'
import { AppError } from '../lib/errors.ts'
import type { AssetRow } from '../requests/request-store.ts'
import { ObjectDamaged } from '../storage/object-store.ts'
import type { ArchiveFile } from './create-archive.ts'

/** Where an image of a request is in an archive. */
export interface ExportedImage {
  asset: AssetRow
  /** Its name there; null: it is not in it. */
  file: string | null
  /** Why it is not there, or not whole; absent of one that is. */
  fault?: string
}

/** So many images one after the other that cannot be read are not the fault of the images: the store is away. */
const MOST_FAULTS_IN_A_ROW = 5

const GONE = 'gone'
const CUT = 'its bytes could not be read to their end'
const UNREADABLE = 'its bytes could not be read'

/**
 * Puts images into an archive, one after the other, and says of each where it is. One that is gone, or cannot be read, is
 * told as such and holds up no other; but when many in a row cannot be read, it throws what the last of them did.
 */
export function createImageExport({ assets, signal }: { assets: Pick<Assets, 'openBytes'>; signal: AbortSignal }) {
  let faultsInARow = 0

  const noteFault = (error: unknown): void => {
    if (signal.aborted) throw error
    faultsInARow += 1
    if (faultsInARow >= MOST_FAULTS_IN_A_ROW) throw error
  }
  const open = async (asset: AssetRow): Promise<{ stream: Readable } | { fault: string }> => {
    try {
      return { stream: await assets.openBytes(asset) }
    } catch (error) {
      if (isGone(error)) return { fault: GONE }
      noteFault(error)
      return { fault: UNREADABLE }
    }
  }
  return async function* exportImage(asset: AssetRow, madeAt: Date): AsyncGenerator<ArchiveFile, ExportedImage> {
    signal.throwIfAborted()
    const opened = await open(asset)
    if ('fault' in opened) return { asset, file: null, fault: opened.fault }
    let fault: string | undefined
    const content = readOn(addAbortSignal(signal, opened.stream), (error) => {
      noteFault(error)
      fault = CUT
    })
    const file = fileNameOf(asset, madeAt)
    yield { name: file, modifiedAt: new Date(asset.created_at), content, isCompressed: true }
    if (fault === undefined) faultsInARow = 0
    return { asset, file, ...(fault !== undefined && { fault }) }
  }
}

const isGone = (error: unknown): boolean => error instanceof AppError && error.cause instanceof ObjectDamaged

/** Ends where the stream fails, once `onFault` has taken that. */
async function* readOn(stream: Readable, onFault: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (error) {
    onFault(error)
  }
}

/** By the day (UTC) and the id of its request, such as `images/2026-05-17/req_9k2v-1.png` and `…/req_9k2v-input-1.png`. */
function fileNameOf({ request_id, kind, position, media_type }: AssetRow, madeAt: Date): string {
  const place = kind === 'output' ? `${position + 1}` : kind === 'input' ? `input-${position + 1}` : 'mask'
  const format = formatOfMediaType(media_type as ImageMediaType)
  return `images/${madeAt.toISOString().slice(0, 10)}/${request_id}-${place}.${format}`
}
