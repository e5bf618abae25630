import { useQuery } from '@tanstack/react-query'
import type { ProviderInfo } from '../../../src/http/dashboard/contract/network.ts'
import type { ModelInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { modelsQuery } from './models.ts'
import { networkQuery } from './network-query.ts'

/**
 * What a model can do, by the API's words: as it is offered, or while nobody offers it as the machines say that have it, of
 * which a call needs one. Undefined of one that no machine is known to have.
 */
export function featuresOf(
  model: string,
  { models, providers }: { models: readonly ModelInfo[]; providers: readonly ProviderInfo[] }
): readonly string[] | undefined {
  const offered = models.find(({ id }) => id === model)
  if (offered) return offered.supported_features
  const had = providers
    .flatMap(({ services }) => services.flatMap((one) => one.models))
    .filter(({ id }) => id === model)
  return had.length === 0 ? undefined : [...new Set(had.flatMap(({ features }) => features))]
}

/** The same of what the reader knows of; undefined until that is known, too. */
export function useFeatures(model: string): readonly string[] | undefined {
  const { data: models } = useQuery(modelsQuery)
  const isOffered = models?.some(({ id }) => id === model) ?? true
  const { data: network } = useQuery({ ...networkQuery, enabled: !isOffered })
  return models && featuresOf(model, { models, providers: network?.providers ?? [] })
}

/** Whether a feature means anything to a model that has these: one of which nothing is known is taken to have each. */
export const knows = (features: readonly string[] | undefined, feature: string): boolean =>
  features === undefined || features.includes(feature)

export const useTakesSeed = (model: string): boolean => knows(useFeatures(model), 'seed')
