import { LoaderCircle } from 'lucide-react'
import { Button } from '../../../components/ui/button.tsx'
import { messageOf } from '../../../lib/fetch-json.ts'

export interface ListEndProps {
  /** More is being fetched. */
  isSearching: boolean
  /** Why the last page did not come. */
  error: Error | null
  onRetry: () => void
}

/** Below what is there of the list: whether more comes. Its height is always the same. */
export function ListEnd({ isSearching, error, onRetry }: ListEndProps) {
  return (
    <div aria-live="polite" className="flex min-h-14 items-center justify-center gap-3 text-[13px] text-muted">
      {error ? (
        <>
          <span className="min-w-0">{messageOf(error)}</span>
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        </>
      ) : (
        isSearching && (
          <>
            <LoaderCircle className="size-4 animate-spin" aria-hidden />
            Searching older requests…
          </>
        )
      )}
    </div>
  )
}
