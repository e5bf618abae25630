import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { hasStatus, itemsOf, type ListQuery, refreshHead, requestList } from '../../../lib/request-list.ts'

/** A list of requests and how to get more of it; while another one is fetched it is the one before. */
export function useRequestList(query: ListQuery) {
  const client = useQueryClient()
  const list = useInfiniteQuery({ ...requestList(query), placeholderData: keepPreviousData })
  useEffect(() => {
    // What changed while nobody looked; that it failed shows with the next page.
    const refresh = () => void refreshHead(client, query).catch(() => undefined)
    refresh()
    addEventListener('focus', refresh)
    return () => removeEventListener('focus', refresh)
  }, [client, query])
  const { data } = list
  const requests = useMemo(() => itemsOf(data).filter((request) => hasStatus(query, request)), [data, query])
  return { ...list, requests }
}
