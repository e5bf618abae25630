import { useSyncExternalStore } from 'react'
import { useLostAt } from './connection.ts'
import { live } from './live.ts'

/** How far an image is that is being made, as far as this tab has been told. */
export interface LiveImage {
  step: number
  steps: number
  /** Where no steps are told: how far it is likely to be, in percent. */
  estimated?: number | undefined
  /** A data URL of the newest preview. */
  preview?: string
}

const images = new Map<string, LiveImage>()
const watchers = new Set<() => void>()
const keyOf = (requestId: string, position: number) => `${requestId} ${position}`

function change(requestId: string, position: number, part: Partial<LiveImage>): void {
  const key = keyOf(requestId, position)
  images.set(key, { ...(images.get(key) ?? { step: 0, steps: 0 }), ...part })
  for (const watcher of watchers) watcher()
}

/**
 * Listens to the stream of the tab. It has to begin before the stream does, which tells what was last seen of each image
 * first, whatever page the tab shows by then. Returns what ends it.
 */
export function keepLiveImages(): () => void {
  const stops = [
    live.on('progress', ({ requestId, image, step, steps, estimated }) =>
      change(requestId, image, { step, steps, estimated })
    ),
    live.on('preview', ({ requestId, image, mediaType, b64 }) =>
      change(requestId, image, { preview: `data:${mediaType};base64,${b64}` })
    ),
    live.on('request', ({ id, n, making }) => {
      // What an image that is done showed on its way is not needed again; one that waits anew begins anew.
      const made = new Set(making.map(({ image }) => image))
      for (let position = 0; position < n; position++) if (!made.has(position)) images.delete(keyOf(id, position))
      for (const watcher of watchers) watcher()
    })
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const subscribe = (watcher: () => void) => {
  watchers.add(watcher)
  return () => void watchers.delete(watcher)
}

/** Steps and preview of one image of a request; undefined until something was heard of it. */
export function useLiveImage(requestId: string, position: number): LiveImage | undefined {
  const image = useSyncExternalStore(subscribe, () => images.get(keyOf(requestId, position)))
  // What was told stays so while the gateway does not answer; what was estimated does not.
  return useLostAt() === undefined || image === undefined ? image : { ...image, estimated: undefined }
}
