import type { ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { formatMeasure, formatPercent } from '../../lib/format.ts'
import { engineTitle } from './engine-title.ts'
import { FeatureText } from './features.tsx'
import { tellSpare } from './found-words.ts'
import { isImage, rests, successOf } from './provider-lists.ts'
import { CoolingBadge, PausedBadge, WarningBadge } from './provider-states.tsx'
import { capText } from './sharing-words.ts'
import { Slots } from './slots.tsx'

/** More models than these are told in number. */
const MOST_MODELS = 4

/** A service within the card of its provider. */
export function ServiceLine({ service }: { service: ServiceInfo }) {
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
      {models.length > 0 && <Models models={models} />}
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

const Models = ({ models }: Pick<ServiceInfo, 'models'>) => (
  <ul className="flex flex-col gap-1.5" aria-label="Models">
    {models.slice(0, MOST_MODELS).map(({ id, features, isLoaded, canMake }) => (
      <li key={id} className="flex min-w-0 flex-col items-start gap-0.5">
        <span className="flex max-w-full items-center gap-2">
          <span className="min-w-0 truncate rounded-md bg-hover px-1.5 py-0.5 text-[13px] font-medium" title={id}>
            {id}
          </span>
          {isLoaded === true && canMake && <span className="shrink-0 text-[13px] text-good">loaded</span>}
        </span>
        <FeatureText features={features} />
      </li>
    ))}
    {models.length > MOST_MODELS && <li className="text-[13px] text-muted">and {models.length - MOST_MODELS} more</li>}
  </ul>
)

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
