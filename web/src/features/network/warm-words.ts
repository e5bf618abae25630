import type { ProviderInfo, ServiceInfo, WarmInfo } from '../../../../src/http/dashboard/contract/network.ts'

const OPEN: readonly WarmInfo['state'][] = ['asked', 'waiting', 'warming']

/** Whether its agent has yet to say how it ended. */
export const isOpen = ({ state }: Pick<WarmInfo, 'state'>): boolean => OPEN.includes(state)

/** What became of the wish that a model is loaded, in words. */
export function tellWarm(
  { state, text }: Pick<WarmInfo, 'state' | 'text'>,
  { isOnline }: Pick<ProviderInfo, 'isOnline'>
): string {
  const why = text === null ? '' : `: “${text}”`
  switch (state) {
    case 'asked':
      return isOnline
        ? 'Asked its agent to load it, no answer yet'
        : 'Its agent is asked if it is back within 10 minutes'
    case 'waiting':
      return 'It is loaded when no image is made there'
    case 'warming':
      return 'It is being loaded'
    case 'warmed':
      return 'It was loaded as you asked'
    case 'refused':
      return `Its agent does not load it${why}`
    case 'failed':
      return `It could not be loaded${why}`
    case 'unsupported':
      return `It cannot be loaded from here${why}`
  }
}

/**
 * Whether its owner may have a model loaded from here: not what is loaded or about to be, nor what an image server that is there
 * cannot load now. A machine that is away has some time to come back, and what its owner has paused may be made ready.
 */
export function mayBeWarmed(
  {
    model: { isLoaded, canMake },
    service,
    provider
  }: {
    model: Pick<ServiceInfo['models'][number], 'isLoaded' | 'canMake'>
    service: Pick<ServiceInfo, 'isPaused' | 'warning'>
    provider: Pick<ProviderInfo, 'isOnline' | 'drainedAt'>
  },
  warm: WarmInfo | undefined
): boolean {
  if (isLoaded === true || (warm && (isOpen(warm) || warm.state === 'unsupported'))) return false
  const isOnlyPaused = service.warning === null && (service.isPaused || provider.drainedAt !== null)
  return canMake || isOnlyPaused || !provider.isOnline
}
