import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { Button, buttonClass } from '../../../components/ui/button.tsx'
import { ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { live } from '../../../lib/live.ts'
import { itemsOf, refreshHead, requestList } from '../../../lib/request-list.ts'
import { submissions, useSubmissions } from '../submit/submissions.ts'
import { Announcer } from './announcer.tsx'
import { EmptyStage } from './empty-stage.tsx'
import { RequestCard } from './request-card.tsx'
import type { StageActions } from './stage-actions.ts'
import { isUnfinished } from '../../../lib/one-request.ts'
import { stageEntries } from './stage-entries.ts'
import { usualFrame } from './tiles.ts'

/** The large one and some rows of the grid. */
const SHOWN_AT_FIRST = 13
const SHOWN_MORE = 24

/** The newest spans its whole width. */
const GRID = 'grid grid-cols-2 gap-x-3 gap-y-6 sm:grid-cols-[repeat(auto-fill,minmax(14rem,1fr))] sm:gap-x-4 sm:gap-y-7'

/** The person's latest requests: what is being made, and what was made last. */
export function ResultsStage({ actions }: { actions: StageActions }) {
  const [shown, setShown] = useState(SHOWN_AT_FIRST)
  const list = useInfiniteQuery(requestList({}))
  const sending = useSubmissions()
  const requests = useMemo(() => itemsOf(list.data), [list.data])
  const hasUnfinished = requests.some(({ status }) => isUnfinished(status))
  const entries = useMemo(() => stageEntries({ requests, submissions: sending }), [requests, sending])
  const summaries = useMemo(() => entries.map(({ request }) => request), [entries])
  useRefreshInSilence(hasUnfinished)

  if (!list.data && list.error && sending.length === 0) {
    return <ErrorState error={list.error} onRetry={() => void list.refetch()} />
  }
  if (!list.data && sending.length === 0) return <StageSkeleton />
  if (entries.length === 0) return <EmptyStage onExample={actions.usePrompt} />
  return (
    <div className="flex flex-col gap-8">
      <Announcer requests={summaries} />
      <div className={GRID}>
        {entries.slice(0, shown).map((entry, index) => (
          <RequestCard
            key={submissions.screenKeyOf(entry.request.id)}
            entry={entry}
            actions={actions}
            large={index === 0}
            usual={usualFrame(entry.request.model, requests)}
          />
        ))}
      </div>
      <div className="flex flex-wrap justify-center gap-2">
        {entries.length > shown && <Button onClick={() => setShown((count) => count + SHOWN_MORE)}>Show more</Button>}
        <Link to="/requests" className={buttonClass('ghost')}>
          All in the gallery
        </Link>
      </div>
    </div>
  )
}

const SILENCE_MS = 12_000
const LOOK_EVERY_MS = 4000

/** Some proxies hold events back: when nothing is heard of what is being made, the page looks for itself. */
function useRefreshInSilence(hasUnfinished: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!hasUnfinished) return
    let heardAt = performance.now()
    const hear = () => (heardAt = performance.now())
    const stops = [live.on('request', hear), live.on('progress', hear)]
    const timer = setInterval(() => {
      if (performance.now() - heardAt > SILENCE_MS) refreshHead(client, {}).catch(() => undefined)
    }, LOOK_EVERY_MS)
    return () => {
      clearInterval(timer)
      for (const stop of stops) stop()
    }
  }, [client, hasUnfinished])
}

const StageSkeleton = () => (
  <div aria-hidden className={GRID}>
    <div className="col-span-full flex flex-col gap-3">
      <Skeleton className="h-6 w-2/3" />
      <Skeleton className="h-8 w-1/3" />
      <Skeleton className="aspect-square max-w-[68svh]" />
    </div>
    {[1, 2, 3].map((place) => (
      <Skeleton key={place} className="aspect-square" />
    ))}
  </div>
)
