import { Collapsible } from '@base-ui/react/collapsible'
import { ChevronDown } from 'lucide-react'
import { type ReactNode, useRef } from 'react'

export interface DisclosureProps {
  title: string
  /** Beside the title while it is closed: what is inside, in short. */
  summary?: ReactNode
  open: boolean
  onToggle: (open: boolean) => void
  children: ReactNode
}

/** What is needed less often: there on demand. */
export function Disclosure({ title, summary, open, onToggle, children }: DisclosureProps) {
  const ref = useRef<HTMLDivElement>(null)
  const toggle = (next: boolean) => {
    onToggle(next)
    // What was asked for may lie below what is seen; when it is there, it is brought into view, its title first.
    if (next) requestAnimationFrame(() => ref.current?.scrollIntoView({ behavior: 'smooth', block: 'nearest' }))
  }
  return (
    <Collapsible.Root ref={ref} open={open} onOpenChange={toggle} className="scroll-my-20 md:scroll-my-4">
      <Collapsible.Trigger className="group -mx-2 flex h-10 w-[calc(100%+1rem)] pointer-coarse:h-[44px] items-center gap-2 rounded-lg px-2 text-left font-medium transition-colors hover:bg-hover">
        {title}
        <span className="min-w-0 flex-1 truncate text-[13px] font-normal text-faint">{!open && summary}</span>
        <ChevronDown
          className="size-4 shrink-0 text-faint transition-transform group-data-panel-open:rotate-180"
          aria-hidden
        />
      </Collapsible.Trigger>
      <Collapsible.Panel className="pt-2">{children}</Collapsible.Panel>
    </Collapsible.Root>
  )
}
