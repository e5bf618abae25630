import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowLeft, ChevronLeft, ChevronRight } from 'lucide-react'
import { useEffect } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { buttonClass } from '../../../components/ui/button.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { useListOrigin, useNeighbours } from '../list-origin.ts'

/** Back to the list, and to the requests before and after this one in it. */
export function RequestNavigation({ id }: { id: string }) {
  const { list, search, leave } = useListOrigin()
  const { newer, older } = useNeighbours(id)
  const navigate = useNavigate()
  const show = (request: RequestSummary | undefined) => {
    // In the place of this one, so that going back leads to the list.
    if (request) void navigate({ to: '/requests/$id', params: { id: request.id }, state: true, replace: true })
  }
  useKeys({ newer: () => show(newer), older: () => show(older) })
  return (
    <nav aria-label="Requests" className="flex items-center gap-2">
      <Link
        to="/requests"
        search={search}
        onClick={(event) => {
          if (!list || event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          leave()
        }}
        className={buttonClass('ghost')}
      >
        <ArrowLeft className="size-4" aria-hidden />
        Gallery
      </Link>
      {(newer ?? older) && (
        <div className="flex gap-1">
          <IconButton icon={ChevronLeft} label="Newer (←)" disabled={!newer} onClick={() => show(newer)} />
          <IconButton icon={ChevronRight} label="Older (→)" disabled={!older} onClick={() => show(older)} />
        </div>
      )}
    </nav>
  )
}

const KEYS: Record<string, 'newer' | 'older'> = { ArrowLeft: 'newer', k: 'newer', ArrowRight: 'older', j: 'older' }

/** Unless the key means something where the focus is. */
function useKeys(actions: { newer: () => void; older: () => void }): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const name = KEYS[event.key]
      const target = event.target as HTMLElement
      const isTaken = target.closest('input, textarea, select, [role=dialog], [role=menu]')
      if (!name || isTaken || event.defaultPrevented) return
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      actions[name]()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  })
}
