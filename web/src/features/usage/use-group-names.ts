import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { GroupBy } from '../../lib/usage-search.ts'
import { filterOptions, keysQuery } from './api.ts'
import { groupNames } from './group-names.ts'

/** Undefined until the names are known, or cannot be had: ids that turn into names would move what is around them. */
export function useGroupNames(by: GroupBy): ((key: string) => string) | undefined {
  const filters = useQuery({ ...filterOptions, enabled: by === 'provider' || by === 'person' })
  const keys = useQuery({ ...keysQuery, enabled: by === 'key' })
  const isLoading = filters.isLoading || keys.isLoading
  return useMemo(
    () => (isLoading ? undefined : groupNames(by, { filters: filters.data, keys: keys.data })),
    [by, isLoading, filters.data, keys.data]
  )
}
