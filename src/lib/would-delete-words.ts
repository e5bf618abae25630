import { formatBytes, formatDuration } from './quantities.ts'

/** How long what somebody made is kept, and how much of it; infinite without a limit. */
export interface Kept {
  keptMs: number
  keptBytes: number
}

/** What goes at once when less is kept than before. */
export interface Loss {
  before: Kept
  after: Kept
  requests: number
  /** Whose they are; undefined: they are all the reader's own. */
  people?: number
}

/** The same in sentences, for whoever is to say that it is meant. */
export function wouldDeleteWords({ before, after, requests, people }: Loss): string {
  const change = tellChange(before, after)
  if (requests === 0) {
    return `${change} This deletes nothing now; later requests go once they are over that, with their images and inputs. Pinned ones stay.`
  }
  const [what, their] = requests === 1 ? ['one request', 'its'] : [`${requests} requests`, 'their']
  const whose = people === undefined ? 'yours' : people === 1 ? 'one person' : `${people} people`
  return `${change} This deletes ${what} of ${whose} now, with ${their} images and inputs, for good. Pinned ones stay.`
}

/** What is less than before, with what it was. */
function tellChange(before: Kept, after: Kept): string {
  const time = (ms: number) => (ms === Infinity ? 'for ever' : `for ${formatDuration(ms)}`)
  const size = (bytes: number) => (bytes === Infinity ? 'without a limit' : `up to ${tellBytes(bytes)}`)
  const parts = [
    ...(after.keptMs < before.keptMs ? [`${time(after.keptMs)} instead of ${time(before.keptMs)}`] : []),
    ...(after.keptBytes < before.keptBytes ? [`${size(after.keptBytes)} instead of ${size(before.keptBytes)}`] : [])
  ]
  return `Requests are kept ${parts.join(', ')}.`
}

/** As it was probably said: `20GiB`, or `3.5 MB` of what is no whole number of those. */
const tellBytes = (bytes: number): string =>
  bytes % 1024 ** 2 === 0 ? formatBytes(bytes) : bytes < 1e9 ? `${bytes / 1e6} MB` : `${bytes / 1e9} GB`
