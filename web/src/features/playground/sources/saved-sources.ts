import { fromAsset, type SourceImage, type StoredImage } from './source-image.ts'

/** What stays of the source images when the page is loaded anew: files do not, images stored on the server do. */
export interface SavedSources {
  stored: readonly StoredImage[]
  /** Names of the files that are gone. */
  lost: readonly string[]
}

export function saveSources(sources: readonly SourceImage[]): string {
  const stored: StoredImage[] = []
  const lost: string[] = []
  for (const { origin, name, width, height } of sources) {
    if ('assetId' in origin) stored.push({ id: origin.assetId, width, height })
    else lost.push(name)
  }
  return JSON.stringify({ stored, lost } satisfies SavedSources)
}

export function readSources(text: string | null): { sources: SourceImage[]; lost: readonly string[] } {
  if (text === null) return { sources: [], lost: [] }
  try {
    const { stored, lost } = JSON.parse(text) as SavedSources
    return { sources: stored.map(fromAsset), lost }
  } catch {
    // Written by another version of the page.
    return { sources: [], lost: [] }
  }
}
