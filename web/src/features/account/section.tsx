import type { ReactNode } from 'react'

export interface SectionProps {
  title: string
  description?: ReactNode
  children: ReactNode
}

/** One subject of the page: what it is about at the left, what there is to do at the right. */
export const Section = ({ title, description, children }: SectionProps) => (
  <section className="grid gap-x-10 gap-y-4 border-t border-line pt-6 pb-2 md:grid-cols-[15rem_minmax(0,1fr)]">
    <div className="flex flex-col gap-1">
      <h2 className="font-medium">{title}</h2>
      {description !== undefined && <p className="text-[13px] text-muted">{description}</p>}
    </div>
    <div className="flex min-w-0 flex-col gap-4">{children}</div>
  </section>
)
