import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { STATUS_LABELS } from '../../components/ui/status-badge.tsx'
import { formatDateTime, formatDuration } from '../../lib/format.ts'
import { OVERDUE, reasonText } from '../../lib/wait-words.ts'
import { isUnfinished } from '../../lib/one-request.ts'

const KINDS = { generation: 'Generation', edit: 'Edit', variation: 'Variation' }

export const kindWord = ({ kind }: Pick<RequestSummary, 'kind'>): string => KINDS[kind]

export const statusWord = (status: RequestSummary['status']): string =>
  STATUS_LABELS.find(({ value }) => value === status)?.label ?? status

/** What a request is called where its prompt stands; variations need none. */
export const promptOf = ({ prompt, kind }: RequestSummary): string =>
  prompt !== '' ? prompt : `${KINDS[kind]} without a prompt`

/** What the machines of a request are to it: where nothing was made, it was only tried. */
export function placeWord({ making, images }: Pick<RequestSummary, 'making' | 'images'>): string {
  if (images.length > 0) return 'Made on'
  return making.length > 0 ? 'Being made on' : 'Tried on'
}

/** What a tile tells by its looks, for those who do not see it. */
export function lookOf({ status, images, n, createdAt }: RequestSummary): string {
  const whole = n === 1 ? '1 image' : `${n} images`
  const count = images.length === n ? whole : `${images.length} of ${whole}`
  return [statusWord(status), count, formatDateTime(createdAt)].join(', ')
}

/** What made it, if not a prompt alone, and for whom. */
export const detailsOf = (request: RequestSummary, withOwner: boolean): string =>
  [
    request.model,
    ...(request.kind === 'generation' ? [] : [kindWord(request)]),
    ...(withOwner ? [request.owner.name] : [])
  ].join(' · ')

/** When a waiting request is likely to be done, or why nobody may begin it; undefined for one that does not wait. */
export function waitWords(request: RequestSummary, now: number): string | undefined {
  const { status, queuePosition } = request
  if (!isUnfinished(status)) return undefined
  const reason = reasonText(request, now)
  if (reason !== null && status === 'queued') return reason
  const place =
    status === 'queued' && queuePosition !== null ? (queuePosition === 1 ? 'Next' : `#${queuePosition}`) : ''
  return [place, etaWords(request)].filter((part) => part !== '').join(', ') || undefined
}

function etaWords({ etaSeconds, isOverdue }: RequestSummary): string {
  if (etaSeconds === null) return isOverdue ? OVERDUE : ''
  return etaSeconds < 1 ? 'in a moment' : `about ${formatDuration(etaSeconds * 1000)}`
}
