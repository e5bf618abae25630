import { useQuery } from '@tanstack/react-query'
import { accountQuery } from './account.ts'
import { noteQuota, type QuotaNote, untilNextCount } from './own-limits.ts'
import { useNow } from './use-now.ts'

/** What is left of a limit changes with what is made. */
const ACCOUNT_EVERY_MS = 15_000

/** Has the reader's images counted again and again, for as long as a page is open that tells with `useQuotaNote` what is left. */
export function useCountedAgain(): void {
  useQuery({
    ...accountQuery,
    refetchInterval: () => untilNextCount(Date.now(), ACCOUNT_EVERY_MS),
    refetchOnMount: 'always'
  })
}

/** What the reader's quotas say to so many images now, as they were counted last; that of one that ends is gone when it does. */
export function useQuotaNote(n: number): QuotaNote | undefined {
  const { data: account, dataUpdatedAt: countedAt } = useQuery(accountQuery)
  // They may have been counted since the time was looked at.
  const now = Math.max(useNow(), countedAt)
  return account && noteQuota(account, n, { now, countedAt })
}

/** Why so many images would be refused now; undefined where they would not, as none never are. */
export function useQuotaRefusal(n: number): string | undefined {
  const note = useQuotaNote(n)
  return n > 0 && note?.isRefusal === true ? note.text : undefined
}
