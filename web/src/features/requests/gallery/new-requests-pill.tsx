import { ArrowUp } from 'lucide-react'
import { formatNumber } from '../../../lib/format.ts'

/** How many requests wait above what the reader looks at; leads up to them. */
export function NewRequestsPill({ count }: { count: number }) {
  return (
    <div aria-live="polite" className="pointer-events-none flex justify-center">
      {count > 0 && (
        <button
          type="button"
          onClick={() => scrollTo({ top: 0, behavior: 'smooth' })}
          className="pointer-events-auto flex h-8 items-center gap-1.5 rounded-full bg-accent px-3.5 text-[13px] font-medium text-on-accent shadow-pop transition-colors hover:bg-accent-hover pointer-coarse:h-12"
        >
          <ArrowUp className="size-4" aria-hidden />
          {formatNumber(count)} new
        </button>
      )}
    </div>
  )
}
