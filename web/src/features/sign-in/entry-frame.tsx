import type { ReactNode } from 'react'
import { ClubSign } from '../../components/club-sign.tsx'
import { useTitle } from '../../lib/use-title.ts'
import { Artwork } from './artwork.tsx'

export interface EntryFrameProps {
  title: string
  /** What the page is called in the tab, where that is not its title. */
  tab?: string
  description?: ReactNode
  children: ReactNode
}

/** Around the pages before somebody is signed in: what there is to do, beside a picture. */
export function EntryFrame({ title, tab = title, description, children }: EntryFrameProps) {
  useTitle(tab)
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr] lg:grid-cols-[minmax(27rem,2fr)_3fr] lg:grid-rows-1">
      <div className="h-36 p-3 pb-0 sm:h-48 lg:order-2 lg:h-auto lg:p-3 lg:pl-0">
        <div className="size-full overflow-hidden rounded-2xl lg:sticky lg:top-3 lg:h-[calc(100dvh-1.5rem)] lg:rounded-3xl">
          <Artwork />
        </div>
      </div>
      <div className="flex min-w-0 flex-col px-6 py-6 sm:px-10 lg:py-8">
        <header className="flex min-w-0 items-center gap-2.5 font-semibold tracking-tight">
          <ClubSign />
        </header>
        <main className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-start gap-6 py-8 lg:justify-center">
          <div className="flex flex-col gap-1.5">
            <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
            {description !== undefined && <div className="text-muted">{description}</div>}
          </div>
          {children}
        </main>
      </div>
    </div>
  )
}
