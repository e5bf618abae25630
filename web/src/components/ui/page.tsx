import { clsx } from 'clsx'
import type { ReactNode } from 'react'
import { useTitle } from '../../lib/use-title.ts'

export interface PageProps {
  title: string
  /** What the page is called in the tab, where that is not its title. */
  tab?: string
  description?: ReactNode
  /** Buttons at the right of the title. */
  actions?: ReactNode
  /** For pictures: as wide as the window. */
  wide?: boolean
  children: ReactNode
}

/** As high as the buttons beside it. */
export const titleClass = 'text-xl leading-9 font-semibold tracking-tight pointer-coarse:leading-[40px]'

/** What every page begins with: its one `h1`, at the same place on each, and its name in the tab. */
export function Page({ title, tab = title, description, actions, wide = false, children }: PageProps) {
  useTitle(tab)
  return (
    <div className={clsx('flex w-full flex-col gap-6 px-4 py-6 sm:px-8', !wide && 'max-w-[88rem]')}>
      <header className="flex min-h-9 flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="flex min-w-0 flex-col">
          <h1 className={titleClass}>{title}</h1>
          {description !== undefined && <div className="max-w-2xl text-muted">{description}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export const Card = ({ className, children }: { className?: string; children: ReactNode }) => (
  <section className={clsx('rounded-2xl border border-line bg-surface shadow-card', className)}>{children}</section>
)
