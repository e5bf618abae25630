import { useQuery } from '@tanstack/react-query'
import { modelsQuery } from './models.ts'

/** Whether a seed means anything to a model: one that is not online is taken to know what it is. */
export function useTakesSeed(model: string): boolean {
  const { data: models } = useQuery(modelsQuery)
  return models?.find(({ id }) => id === model)?.supported_features.includes('seed') ?? true
}
