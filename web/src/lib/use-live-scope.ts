import { useEffect } from 'react'
import { live } from './live.ts'

/** While a page shows requests of others, their live events are wanted, too. */
export function useLiveScope(ofOthers: boolean): void {
  useEffect(() => {
    if (!ofOthers) return
    live.setScope('all')
    return () => live.setScope('own')
  }, [ofOthers])
}
