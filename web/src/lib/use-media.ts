import { useCallback, useSyncExternalStore } from 'react'

/** Whether a media query holds, such as `(width < 48rem)`. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (watcher: () => void) => {
      const media = matchMedia(query)
      media.addEventListener('change', watcher)
      return () => media.removeEventListener('change', watcher)
    },
    [query]
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}

/** As narrow as a phone, where the pages have their bar at the bottom. */
export const useIsNarrow = (): boolean => useMedia('(width < 48rem)')
