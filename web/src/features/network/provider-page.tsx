import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { Stat, StatRow } from '../../components/stat.tsx'
import { Badge } from '../../components/ui/badge.tsx'
import { buttonClass } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { formatNumber, formatPercent } from '../../lib/format.ts'
import { usePerson } from '../../lib/session.ts'
import { providerQuery } from './api.ts'
import { FaultsPanel } from './faults-panel.tsx'
import { FoundPanel } from './found-panel.tsx'
import { PacePanel } from './pace-panel.tsx'
import { PeoplePanels } from './people-panels.tsx'
import { ProviderActions } from './provider-actions.tsx'
import { SUCCESS_COUNTS, isIdle, isLookedAt, slotsOf, successOf } from './provider-lists.ts'
import { OnlineDot, PausedBadge, Presence } from './provider-states.tsx'
import { TrustActions, TrustBadge, TrustNotice } from './trust.tsx'
import { ServiceWarnings } from './service-warnings.tsx'
import { ServicesPanel } from './services-panel.tsx'

const route = getRouteApi('/members/network/$id')

export function ProviderPage() {
  const { id } = route.useParams()
  const { data, error, refetch } = useQuery(providerQuery(id))
  const isAdmin = usePerson().role === 'admin'
  if (!data) {
    return (
      <Page title="Machine" actions={<BackLink />}>
        {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <ProviderSkeleton />}
      </Page>
    )
  }
  const isManaged = data.isMine || isAdmin
  return (
    <Page
      title={data.name}
      description={<About provider={data} isManaged={isManaged} />}
      actions={
        <>
          <BackLink />
          {isAdmin && <TrustActions provider={data} />}
          {isManaged && <ProviderActions provider={data} />}
        </>
      }
    >
      <ServiceWarnings services={data.services} />
      {isManaged && <TrustNotice provider={data} />}
      {data.drainedAt !== null && (
        <Notice>
          It finishes what it has and gets nothing new, until it is resumed. Reconnecting changes nothing.
        </Notice>
      )}
      <Figures provider={data} />
      <PacePanel pace={data.pace} />
      <div className={clsx('grid items-start gap-6', isManaged && 'lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]')}>
        <div className="flex min-w-0 flex-col gap-6">
          <ServicesPanel provider={data} />
          {isManaged && <FoundPanel provider={data} />}
          {isManaged && <FaultsPanel faults={data.faults} />}
        </div>
        {isManaged && (
          <div className="flex min-w-0 flex-col gap-6">
            <PeoplePanels provider={data} />
          </div>
        )}
      </div>
    </Page>
  )
}

const BackLink = () => (
  <Link to="/network" className={buttonClass('ghost')}>
    <ArrowLeft className="size-4" aria-hidden />
    Network
  </Link>
)

const About = ({ provider, isManaged }: { provider: ProviderDetail; isManaged: boolean }) => (
  <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5">
    <span>
      <OnlineDot
        isOnline={provider.isOnline}
        isIdle={isIdle(provider)}
        isLookedAt={isLookedAt(provider)}
        className="mr-2.5"
      />
      <Presence provider={provider} />
      {!provider.isMine && ` · ${provider.owner.name}`}
      {isManaged && provider.agentVersion !== null && ` · agent ${provider.agentVersion}`}
    </span>
    <TrustBadge provider={provider} />
    {provider.drainedAt !== null && <PausedBadge />}
    {provider.isMine && <Badge look="accent">Yours</Badge>}
  </div>
)

function Figures({ provider }: { provider: ProviderDetail }) {
  const slots = slotsOf(provider.services)
  const success = successOf(provider.services)
  return (
    <StatRow>
      <Stat
        label="Running"
        value={formatNumber(slots.used)}
        detail={`of ${formatNumber(slots.all)} at a time`}
        look={slots.used > 0 ? 'accent' : 'plain'}
      />
      <Stat label="Last 24 hours" value={formatNumber(provider.imagesToday)} detail="images" />
      <Stat label="In all" value={formatNumber(provider.images)} detail="images" />
      <Stat
        label={<span title={SUCCESS_COUNTS}>Success</span>}
        value={success === null ? '–' : formatPercent(success)}
        detail="within 24 hours"
        look={success !== null && success < 0.9 ? 'bad' : 'plain'}
      />
    </StatRow>
  )
}

const Notice = ({ children }: { children: ReactNode }) => (
  <p className="rounded-xl bg-warn-soft px-4 py-3 text-warn">{children}</p>
)

const ProviderSkeleton = () => (
  <>
    <Skeleton className="h-24 rounded-2xl" />
    <Skeleton className="h-72 rounded-2xl" />
    <Skeleton className="h-48 rounded-2xl" />
  </>
)
