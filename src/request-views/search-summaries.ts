import type { RequestParts } from '../requests/request-parts.ts'
import { outlooksOfSummaries, type QueueOutlook, shownState, storedAs } from './queue-outlook.ts'
import { type RequestPage, type RequestSearch, searchRequests } from './search-requests.ts'

export interface SummaryPage extends RequestPage {
  /** Of those that have not ended, by request id. */
  outlooks: Map<string, QueueOutlook>
}

/**
 * One page of what was searched for, with what is needed to show how each stands. The `states` of the search are those that
 * are shown: one that was begun and that nobody may go on with is looked for among those that wait.
 */
export async function searchSummaries(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  { states, ...search }: RequestSearch
): Promise<SummaryPage> {
  const page = await searchRequests(parts, { ...search, states: states && storedAs(states) })
  const outlooks = await outlooksOfSummaries(parts, page.views)
  const views = page.views.filter((view) => !states || states.includes(shownState(view, outlooks.get(view.request.id))))
  return { ...page, views, outlooks }
}
