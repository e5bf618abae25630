import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Button } from '../../components/ui/button.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { formatBytes } from '../../lib/format.ts'
import { useOfferModel } from './api.ts'
import { mayBeOffered, type ModelRow, tellModel } from './found-words.ts'

interface FoundModelProps {
  row: ModelRow
  provider: ProviderInfo
  service: ServiceInfo
}

/** One model that lies on a machine, and what its owner does with it. */
export function FoundModel({ row, provider, service }: FoundModelProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-2">
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-mono text-[13px] [overflow-wrap:anywhere]">{row.name}</p>
        <p className="text-[13px] [overflow-wrap:anywhere] text-muted">
          {tellModel(row, provider)}
          {row.bytes !== null && <span className="text-faint">, {formatBytes(row.bytes)}</span>}
        </p>
      </div>
      {row.isLoaded && <Badge look="good">Loaded</Badge>}
      {provider.isMine && <OfferButtons row={row} provider={provider} service={service} />}
    </li>
  )
}

export function OfferButtons({ row: { name, wanted, ...row }, provider, service }: FoundModelProps) {
  const offer = useOfferModel(provider.id)
  const isRefused = wanted?.state === 'refused'
  const change = (isOffered: boolean) =>
    offer.mutate(
      { serviceId: service.id, model: name, isOffered },
      {
        onSuccess: () => tell(isOffered ? `Asked its agent to offer ${name}` : `${name} is no longer offered`),
        onError: (error) => tellError('Nothing was changed', messageOf(error))
      }
    )
  return (
    <div className="flex gap-2">
      {(isRefused || (!wanted && mayBeOffered(row, service))) && (
        <Button size="small" busy={offer.isPending} aria-label={`Offer ${name}`} onClick={() => change(true)}>
          {isRefused ? 'Ask again' : 'Offer'}
        </Button>
      )}
      {wanted && (
        <Button
          size="small"
          look="ghost"
          busy={offer.isPending}
          aria-label={`Take ${name} back`}
          onClick={() => change(false)}
        >
          Take back
        </Button>
      )}
    </div>
  )
}
