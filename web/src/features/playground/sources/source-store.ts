import { useSyncExternalStore } from 'react'
import { imageUrl } from '../../../lib/assets.ts'
import { messageOf } from '../../../lib/fetch-json.ts'
import { callLimits } from '../../../lib/call-limits.ts'
import { checkSourceFile } from './check-source-file.ts'
import { readSources, saveSources } from './saved-sources.ts'
import { stripWebpExif } from './strip-webp-exif.ts'
import { fromAsset, newKey, type SourceImage, type SourceMask } from './source-image.ts'

/** Source images are kept here, so that they are still there when somebody comes back to the page. */
let sources: readonly SourceImage[] = []
/** What may be brought back: its files are kept until something else is put aside. */
let aside: readonly SourceImage[] = []
let storageKey: string | undefined
const watchers = new Set<() => void>()

const subscribe = (watcher: () => void) => {
  watchers.add(watcher)
  return () => void watchers.delete(watcher)
}

export const useSources = (): readonly SourceImage[] => useSyncExternalStore(subscribe, () => sources)

/** Those of this moment, for what is no component. */
export const currentSources = (): readonly SourceImage[] => sources

export function setSources(next: readonly SourceImage[]): void {
  const isHeld = ({ key }: SourceImage) => [...next, ...aside].some((one) => one.key === key)
  for (const source of sources) if (!isHeld(source)) release(source)
  sources = next
  if (storageKey !== undefined) sessionStorage.setItem(storageKey, saveSources(sources))
  for (const watcher of watchers) watcher()
}

/** Keeps what is there, for something is about to take its place; what is returned brings it back. */
export function putAside(): () => void {
  const before = sources
  for (const source of aside) if (!before.some(({ key }) => key === source.key)) release(source)
  aside = before
  return () => setSources(before)
}

/** Memory of files that nothing shows any more is given back. */
function release({ url, mask }: SourceImage): void {
  for (const one of [url, mask?.url]) if (one?.startsWith('blob:')) URL.revokeObjectURL(one)
}

/** Takes up what this person had before the page was loaded anew; returns the names of files that are gone. */
export function restoreSources(personId: string): readonly string[] {
  if (storageKey !== undefined) return []
  storageKey = `playground-sources ${personId}`
  const saved = readSources(sessionStorage.getItem(storageKey))
  setSources([...saved.sources, ...sources])
  return saved.lost
}

export const removeSource = (key: string): void => setSources(sources.filter((one) => one.key !== key))

export function moveSource(key: string, to: number): void {
  const moved = sources.find((one) => one.key === key)
  if (moved) setSources(sources.filter((one) => one !== moved).toSpliced(to, 0, moved))
}

export function setMask(key: string, mask: SourceMask | undefined): void {
  const before = sources.find((one) => one.key === key)
  if (before?.mask && before.mask.url !== mask?.url && before.mask.url.startsWith('blob:')) {
    URL.revokeObjectURL(before.mask.url)
  }
  setSources(
    sources.map((source) => {
      if (source.key !== key) return source
      const { mask: _, ...rest } = source
      return mask ? { ...rest, mask } : rest
    })
  )
}

/** Adds what can be used and returns what is wrong with the rest. */
export async function addFiles(files: readonly File[]): Promise<string[]> {
  const problems: string[] = []
  for (const file of files) {
    try {
      const problem = (await checkSourceFile(file)) ?? fullProblem(file.name)
      if (problem === undefined) setSources([...sources, await fromFile(await stripWebpExif(file))])
      else problems.push(problem)
    } catch (error) {
      problems.push(messageOf(error))
    }
  }
  return problems
}

function fullProblem(name: string): string | undefined {
  const { maxInputImages } = callLimits()
  return sources.length < maxInputImages
    ? undefined
    : `${name} was left out: at most ${maxInputImages} images can be sent.`
}

/** Adds a stored image by its id alone; returns what is wrong with it. */
export async function addAsset(id: string, place: 'alone' | 'last'): Promise<string[]> {
  try {
    const size = await measure(imageUrl(id))
    const source = fromAsset({ id, ...size })
    const full = place === 'last' ? fullProblem('The image') : undefined
    if (full !== undefined) return [full]
    setSources(place === 'alone' ? [source] : [...sources, source])
    return []
  } catch {
    return ['The image cannot be read. It may have been deleted.']
  }
}

async function fromFile(file: File): Promise<SourceImage> {
  const url = URL.createObjectURL(file)
  try {
    return { key: newKey(), name: file.name || 'image.png', ...(await measure(url)), origin: { file }, url }
  } catch {
    URL.revokeObjectURL(url)
    throw new Error(`${file.name} cannot be read as an image. It may be damaged.`)
  }
}

/** As the browser shows it: EXIF orientation counts, as it does on the server. */
async function measure(url: string): Promise<{ width: number; height: number }> {
  const image = new Image()
  image.src = url
  await image.decode()
  return { width: image.naturalWidth, height: image.naturalHeight }
}
