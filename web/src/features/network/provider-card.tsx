import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { memo } from 'react'
import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { formatCompact, formatNumber, formatPercent } from '../../lib/format.ts'
import { SUCCESS_COUNTS, isIdle, isLookedAt, successOf } from './provider-lists.ts'
import { OnlineDot, PausedBadge, Presence } from './provider-states.tsx'
import { TrustBadge } from './trust.tsx'
import { ServiceLine } from './service-line.tsx'

/** Those that did not change since the last look are not drawn again. */
export const ProviderCard = memo(function ProviderCard({ provider }: { provider: ProviderInfo }) {
  const { id, name, owner, isMine, isOnline, drainedAt, agentVersion, services } = provider
  return (
    <li className="relative flex flex-col rounded-2xl border border-line bg-surface shadow-card transition-colors [contain-intrinsic-size:auto_14rem] [content-visibility:auto] hover:border-line-strong/70">
      <div className={clsx('flex flex-col gap-0.5 px-4 pt-3.5 pb-2', !isOnline && 'text-muted')}>
        <div className="flex min-h-6 items-center gap-2.5">
          <OnlineDot isOnline={isOnline} isIdle={isIdle(provider)} isLookedAt={isLookedAt(provider)} />
          <h2 className="min-w-0 truncate text-[15px] font-semibold">
            <Link to="/network/$id" params={{ id }} className="after:absolute after:inset-0 after:rounded-2xl">
              {name}
            </Link>
          </h2>
          <span className="ml-auto flex shrink-0 gap-1.5">
            <TrustBadge provider={provider} />
            {drainedAt !== null && <PausedBadge />}
            {isMine && <Badge look="accent">Yours</Badge>}
          </span>
        </div>
        <p className="text-[13px] [overflow-wrap:anywhere] text-muted">
          {!isMine && `${owner.name} · `}
          <Presence provider={provider} />
          {isMine && agentVersion !== null && ` · agent ${agentVersion}`}
        </p>
      </div>
      {services.length > 0 ? (
        <ul aria-label="Services" className="flex flex-1 flex-col divide-y divide-line px-4">
          {services.map((service) => (
            <ServiceLine key={service.id} service={service} provider={provider} />
          ))}
        </ul>
      ) : (
        <p className="flex-1 px-4 py-2.5 text-[13px] text-muted">It offers nothing.</p>
      )}
      <Figures provider={provider} />
    </li>
  )
})

function Figures({ provider: { images, imagesToday, services } }: { provider: ProviderInfo }) {
  const success = successOf(services)
  const figures = [
    { label: 'Images', value: formatCompact(images), title: formatNumber(images) },
    { label: 'Last 24 h', value: formatCompact(imagesToday), title: formatNumber(imagesToday) },
    { label: 'Success', value: success === null ? '–' : formatPercent(success), title: SUCCESS_COUNTS }
  ]
  return (
    <dl className="grid grid-cols-3 divide-x divide-line border-t border-line">
      {figures.map(({ label, value, title }) => (
        <div key={label} className="flex flex-col px-4 py-2">
          <dt className="text-xs text-faint">{label}</dt>
          <dd className="font-medium tabular-nums" title={title}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  )
}
