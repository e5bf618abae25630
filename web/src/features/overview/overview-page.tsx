import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Wand2 } from 'lucide-react'
import { buttonClass } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { usePerson } from '../../lib/session.ts'
import { useNow } from '../../lib/use-now.ts'
import { overviewQuery } from './api.ts'
import { Given } from './given.tsx'
import { LatestRequests } from './latest-requests.tsx'
import { PendingMachines } from './pending-machines.tsx'
import { NextSteps } from './next-steps.tsx'
import { firstName, greeting, standing } from './overview-words.ts'
import { RightNow } from './right-now.tsx'

/** The page after signing in: how things stand, and what to do next. */
export function OverviewPage() {
  const { name } = usePerson()
  const hour = new Date(useNow()).getHours()
  const { data, error, refetch } = useQuery(overviewQuery)
  return (
    <Page
      title={`${greeting(hour)}, ${firstName(name)}`}
      tab="Overview"
      description={data ? standing(data) : error ? undefined : <Skeleton className="my-0.5 h-4.5 w-64" />}
      actions={
        <Link to="/playground" className={buttonClass('primary')}>
          <Wand2 className="size-4" aria-hidden />
          Make an image
        </Link>
      }
    >
      {data ? (
        <>
          <PendingMachines count={data.providersPending} />
          {!data.todo.hasImage && <NextSteps todo={data.todo} />}
          <Given given={data.given} />
          <RightNow overview={data} />
          <LatestRequests requests={data.latest} />
          {data.todo.hasImage && <NextSteps todo={data.todo} />}
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <Skeleton className="h-46 rounded-2xl lg:h-22" />
          <Skeleton className="h-96 rounded-2xl" />
        </>
      )}
    </Page>
  )
}
