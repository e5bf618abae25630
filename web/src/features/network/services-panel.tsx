import { clsx } from 'clsx'
import { Fragment } from 'react'
import type { ProviderDetail, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Panel } from '../../components/ui/panel.tsx'
import { faultText } from '../../lib/fault-words.ts'
import { engineTitle } from './engine-title.ts'
import { FeatureWords } from './features.tsx'
import { isImage, makesFor, rests } from './provider-lists.ts'
import { CoolingBadge, PausedBadge } from './provider-states.tsx'
import { isMade, Performance, WhyNot } from './service-line.tsx'
import { Sharing } from './sharing.tsx'
import { Slots } from './slots.tsx'
import { WarmModel } from './warm-model.tsx'

const ACCESS = { members: 'For everybody here', private: 'For its owner alone', listed: 'For a few people' }

interface ServicesPanelProps {
  provider: ProviderDetail
}

/** What a provider offers, in full. */
export const ServicesPanel = ({ provider }: ServicesPanelProps) => (
  <Panel title={provider.services.length === 1 ? 'Service' : 'Services'}>
    {provider.services.length === 0 && <p className="text-muted">It offers nothing.</p>}
    <ul className="flex flex-col divide-y divide-line">
      {provider.services.map((service) => (
        <li key={service.id} className="flex flex-col gap-3 py-3.5 first:pt-0 last:pb-0">
          <Service service={service} provider={provider} />
        </li>
      ))}
    </ul>
  </Panel>
)

function Service({ service, provider }: ServicesPanelProps & { service: ServiceInfo }) {
  const { name, engine, type, description, access, models, isPaused, cooling } = service
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="flex min-w-0 flex-wrap items-center gap-2">
          <h3 className="font-medium [overflow-wrap:anywhere]">{name}</h3>
          <Badge>{isImage(service) ? engineTitle(engine ?? type) : type}</Badge>
          <Badge look={access === 'members' ? 'plain' : 'info'}>{ACCESS[access]}</Badge>
          {isPaused && <PausedBadge />}
        </div>
        {isImage(service) && <Slots used={service.running} all={service.concurrency} idle={rests(service)} />}
      </div>
      {description !== null && <p className="[overflow-wrap:anywhere] text-muted">{description}</p>}
      {cooling && <Cooling cooling={cooling} />}
      {isImage(service) && <Sharing service={service} provider={provider} />}
      {models.length > 0 && (
        <dl className="grid items-baseline gap-x-4 gap-y-2 sm:grid-cols-[minmax(8rem,auto)_1fr]">
          {models.map((model) => (
            <Fragment key={model.id}>
              <dt
                className={clsx(
                  'font-mono text-[13px] [overflow-wrap:anywhere]',
                  !isMade(service, model) && 'text-muted'
                )}
              >
                {model.id}
              </dt>
              <dd className="flex flex-wrap items-center gap-x-3 gap-y-1">
                {model.isLoaded === true && makesFor(service, model) && <Badge look="good">Loaded</Badge>}
                <WhyNot model={model} service={service} provider={provider} />
                <FeatureWords features={model.features} />
                {isImage(service) && <WarmModel model={model} service={service} provider={provider} />}
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
      {isImage(service) ? (
        <Performance service={service} />
      ) : (
        <p className="text-xs text-faint">Services of this type are shown, and get no work yet.</p>
      )}
    </>
  )
}

const Cooling = ({ cooling }: { cooling: NonNullable<ServiceInfo['cooling']> }) => (
  <div className="flex flex-col items-start gap-1.5">
    <CoolingBadge cooling={cooling} />
    <p className="text-[13px] [overflow-wrap:anywhere] text-muted">
      {cooling.faultsInRow === 1 ? 'Its last image failed' : `Its last ${cooling.faultsInRow} images failed`} there, so
      it gets images last for a while. {cooling.lastFault && faultText(cooling.lastFault)}
    </p>
  </div>
)
