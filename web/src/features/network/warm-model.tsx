import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useWarmModel } from './api.ts'
import { isOpen, mayBeWarmed, tellWarm } from './warm-words.ts'

interface WarmModelProps {
  model: ServiceInfo['models'][number]
  service: ServiceInfo
  provider: Pick<ProviderInfo, 'id' | 'isMine' | 'isOnline' | 'drainedAt'>
}

/** Has the image server load a model before somebody asks for it, and says what became of that; for its owner. */
export function WarmModel({ model, service, provider }: WarmModelProps) {
  const { id } = model
  const ask = useWarmModel(provider.id)
  const warm = service.warms?.find((one) => one.model === id)
  const change = () =>
    ask.mutate(
      { serviceId: service.id, model: id },
      {
        onSuccess: () => tell(`Asked its agent to load ${id}`),
        onError: (error) => tellError('Nothing was asked', messageOf(error))
      }
    )
  // Of what is loaded by now it is no matter how that came.
  const isShown = warm && (isOpen(warm) || model.isLoaded !== true)
  return (
    <>
      {isShown && (
        <span role="status" className="text-[13px] [overflow-wrap:anywhere] text-muted">
          {tellWarm(warm, provider)}
        </span>
      )}
      {provider.isMine && mayBeWarmed({ model, service, provider }, warm) && (
        <Button size="small" busy={ask.isPending} aria-label={`Warm ${id}`} onClick={change}>
          Warm
        </Button>
      )}
    </>
  )
}
