import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { formatDuration, formatRelative } from './format.ts'

/** For how long a request is kept after its end, in seconds as text, from the shortest. */
const CHOICES = [
  { value: '0', label: 'Until delivered' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
  { value: '2592000', label: '30 days' },
  { value: '31536000', label: 'A year' }
]

const lifetimeLabel = (chosen: string): string =>
  CHOICES.find(({ value }) => value === chosen)?.label ?? formatDuration(Number(chosen) * 1000)

/** A choice among others; empty where nothing was chosen. */
export const keptWords = (chosen: string): string =>
  chosen === '' ? '' : `kept ${chosen === '0' ? '' : 'for '}${lifetimeLabel(chosen).toLowerCase()}`

/** `usual` stands for the empty value; what is chosen already is among them, whoever chose it. */
export function lifetimeChoices(chosen: string, usual: string): { value: string; label: string }[] {
  const isOther = chosen !== '' && !CHOICES.some(({ value }) => value === chosen)
  const other = isOther ? [{ value: chosen, label: lifetimeLabel(chosen) }] : []
  return [{ value: '', label: usual }, ...CHOICES, ...other]
}

/** What is behind a choice. */
export function lifetimeDetail(chosen: string): string | undefined {
  if (chosen === '') return undefined
  return chosen === '0'
    ? 'Gone once the images were fetched, after a day at the latest. Pinned requests stay.'
    : 'Then it is deleted with its images and inputs. Pinned requests stay.'
}

/** Whether, and when, a request goes by itself; undefined when it does not, as far as it says itself. */
export function expiryWords(
  { pinned, expiresIn, expiresAt }: Pick<RequestSummary, 'pinned' | 'expiresIn' | 'expiresAt'>,
  now: number
): string | undefined {
  if (pinned || expiresIn === null) return undefined
  const latest = expiresAt === null ? '' : formatRelative(Math.max(expiresAt, now), now)
  if (expiresIn === 0) return `Gone once delivered${latest === '' ? '' : `, ${latest} at the latest`}`
  return latest === '' ? `Kept for ${formatDuration(expiresIn * 1000)}` : `Expires ${latest}`
}
