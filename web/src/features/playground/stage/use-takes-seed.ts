import { useQuery } from '@tanstack/react-query'
import { modelsQuery } from '../../../lib/models.ts'
import { knows } from '../build-call.ts'

/** Whether a seed means anything to a model: one that is not online is taken to know what it is. */
export function useTakesSeed(model: string): boolean {
  const { data: models } = useQuery(modelsQuery)
  return knows(models?.find(({ id }) => id === model)?.supported_features, 'seed')
}
