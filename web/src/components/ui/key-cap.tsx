import { clsx } from 'clsx'
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp, CornerDownLeft, type LucideIcon } from 'lucide-react'

/** Drawn: not every font has these. */
const DRAWN: Record<string, LucideIcon> = {
  ArrowLeft,
  ArrowRight,
  ArrowUp,
  ArrowDown,
  Enter: CornerDownLeft
}

/** What a key is called, named as in `KeyboardEvent.key`; arrows and Enter as they are drawn on keyboards. */
export function KeyCap({ name, className }: { name: string; className?: string }) {
  const Icon = DRAWN[name]
  return (
    <kbd className={clsx('inline-flex items-center justify-center font-sans', className)}>
      {Icon ? <Icon className="size-[1.1em]" role="img" aria-label={name.replace('Arrow', 'Arrow ')} /> : name}
    </kbd>
  )
}
