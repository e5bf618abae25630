import { type ReactNode, useId } from 'react'

/** A titled part of a page. */
export function Panel({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const id = useId()
  return (
    <section
      aria-labelledby={id}
      className="flex min-w-0 flex-col rounded-2xl border border-line bg-surface shadow-card"
    >
      <div className="flex min-h-12 items-center justify-between gap-3 py-1.5 pr-2 pl-4">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {actions}
      </div>
      <div className="min-w-0 px-4 pb-4">{children}</div>
    </section>
  )
}
