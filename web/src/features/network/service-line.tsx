import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { clsx } from 'clsx'
import { formatMeasure, formatPercent } from '../../lib/format.ts'
import { engineTitle } from './engine-title.ts'
import { FeatureText } from './features.tsx'
import { tellSpare } from './found-words.ts'
import { isImage, makesFor, rests, successOf, whyNot } from './provider-lists.ts'
import { CoolingBadge, PausedBadge, WarningBadge, whyLook } from './provider-states.tsx'
import { capText } from './sharing-words.ts'
import { Slots } from './slots.tsx'

/** More models than these are told in number. */
const MOST_MODELS = 4

/** A service within the card of its provider. */
export function ServiceLine({ service, provider }: { service: ServiceInfo; provider: ProviderInfo }) {
  const { name, engine, models, isPaused, cooling, warning } = service
  const cap = isImage(service) ? capText(service) : null
  return (
    <li className="flex flex-col gap-1.5 py-2.5">
      <div className="flex items-center justify-between gap-3">
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="truncate font-medium">{name}</span>
          <span className="truncate text-xs text-faint">
            {isImage(service) && engine !== null ? engineTitle(engine) : service.type}
          </span>
        </span>
        {isImage(service) && <Slots used={service.running} all={service.concurrency} idle={rests(service)} />}
      </div>
      {models.length > 0 && <Models service={service} provider={provider} />}
      {service.spareModels !== null && service.spareModels > 0 && (
        <p className="text-[13px] text-muted">{tellSpare(service.spareModels)}</p>
      )}
      {cap !== null && <p className={service.usedUp ? 'text-[13px] text-warn' : 'text-[13px] text-muted'}>{cap}</p>}
      {isImage(service) && <Performance service={service} />}
      {isPaused && (
        <span>
          <PausedBadge />
        </span>
      )}
      {warning && (
        <span>
          <WarningBadge warning={warning} />
          {warning.text !== null && (
            <span className="mt-1 line-clamp-3 text-[13px] [overflow-wrap:anywhere] text-muted" title={warning.text}>
              {warning.text}
            </span>
          )}
        </span>
      )}
      {cooling && (
        <span>
          <CoolingBadge cooling={cooling} />
        </span>
      )}
    </li>
  )
}

const Models = ({ service, provider }: { service: ServiceInfo; provider: ProviderInfo }) => (
  <ul className="flex flex-col gap-1.5" aria-label="Models">
    {service.models.slice(0, MOST_MODELS).map((model) => (
      <li key={model.id} className="flex min-w-0 flex-col items-start gap-0.5">
        <span className="flex max-w-full items-center gap-2">
          <span
            className={clsx(
              'min-w-0 truncate rounded-md px-1.5 py-0.5 text-[13px] font-medium',
              isMade(service, model) ? 'bg-hover' : 'border border-dashed border-line-strong text-muted'
            )}
            title={model.id}
          >
            {model.id}
          </span>
          {model.isLoaded === true && makesFor(service, model) && (
            <span className="shrink-0 text-[13px] text-good">loaded</span>
          )}
          <WhyNot model={model} service={service} provider={provider} />
        </span>
        <FeatureText features={model.features} />
      </li>
    ))}
    {service.models.length > MOST_MODELS && (
      <li className="text-[13px] text-muted">and {service.models.length - MOST_MODELS} more</li>
    )}
  </ul>
)

/** Services of other kinds make nothing anyway. */
export const isMade = (service: ServiceInfo, model: ServiceInfo['models'][number]): boolean =>
  !isImage(service) || makesFor(service, model)

interface WhyNotProps {
  model: ServiceInfo['models'][number]
  service: ServiceInfo
  provider: ProviderInfo
}

/** Beside a model that is not made for the reader now: why. */
export function WhyNot({ model, service, provider }: WhyNotProps) {
  const why = isImage(service) ? whyNot(provider, service, model) : null
  if (why === null) return null
  const look = whyLook({ isOnline: provider.isOnline, isAwaited: model.isAwaited === true })
  return <span className={clsx('shrink-0 text-[13px]', look)}>{why}</span>
}

/** How it did within the last 24 hours. */
export function Performance({ service }: { service: ServiceInfo }) {
  const success = successOf([service])
  const { secondsPerMegapixel } = service
  if (success === null) return <p className="text-xs text-faint">Nothing finished within 24 hours</p>
  return (
    <p className="text-xs text-muted tabular-nums">
      {secondsPerMegapixel !== null && `${formatMeasure(secondsPerMegapixel)} s per megapixel, `}
      <span className={success < 0.9 ? 'font-medium text-bad' : undefined}>{formatPercent(success)} succeeded</span>
    </p>
  )
}
