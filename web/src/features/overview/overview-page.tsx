import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { PlugZap, Wand2 } from 'lucide-react'
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
  // There is nothing to make an image with, and it has to be begun there.
  const isBare = data !== undefined && data.models === 0 && data.machines.online === 0 && !data.todo.hasProvider
  return (
    <Page
      title={`${greeting(hour)}, ${firstName(name)}`}
      tab="Overview"
      description={data ? standing(data) : error ? undefined : <Skeleton className="my-0.5 h-4.5 w-64" />}
      actions={
        isBare ? (
          <Link to="/network" search={{ dialog: 'connect' }} className={buttonClass('primary')}>
            <PlugZap className="size-4" aria-hidden />
            Connect a machine
          </Link>
        ) : (
          <Link to="/playground" className={buttonClass('primary')}>
            <Wand2 className="size-4" aria-hidden />
            Make an image
          </Link>
        )
      }
    >
      {data ? (
        <>
          <PendingMachines count={data.providersPending} />
          {!data.todo.hasImage && <NextSteps overview={data} />}
          <Given given={data.given} />
          <RightNow overview={data} />
          <LatestRequests requests={data.latest} made={data.myImages.total} />
          {data.todo.hasImage && <NextSteps overview={data} />}
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
