import { describe, expect, it } from 'vitest'
import { findProblems, type SystemFacts } from './find-problems.ts'

const STATE: SystemFacts['state'] = {
  version: '1',
  startedAt: 0,
  queue: { waiting: 0, running: 0, oldestWaitingAt: null },
  eventLoop: { meanMs: 1, p99Ms: 20 },
  memory: { rss: 1, heapUsed: 1 },
  database: { bytes: 1, pingMs: 1 },
  storage: {
    outputs: { images: 0, bytes: 0 },
    inputs: { images: 0, bytes: 0 },
    quarantine: { images: 0, bytes: 0 },
    freeBytes: 5e9
  },
  agentsOnline: 0
}
const WELL: SystemFacts = {
  state: STATE,
  notReady: undefined,
  isDiskShort: false,
  unreadable: { first: [], all: 0 },
  strandedModels: [],
  webhooksGivenUp: 0,
  unmarked: 0,
  unstamped: 0,
  clockHoldMs: 0
}

const withState = (change: Partial<SystemFacts['state']>): SystemFacts => ({ ...WELL, state: { ...STATE, ...change } })
const withFree = (freeBytes: number | null) => withState({ storage: { ...STATE.storage, freeBytes } })

describe('problems', () => {
  it('are none when all is well, or cannot be told', () => {
    expect(findProblems(WELL)).toEqual([])
    expect(findProblems(withFree(1e9))).toEqual([])
    expect(findProblems(withFree(null))).toEqual([])
  })

  it.each<[string, SystemFacts, string]>([
    ['a store that cannot be written', { ...WELL, notReady: 'EROFS' }, 'Requests cannot be served: EROFS.'],
    [
      'a disk that is too full for more',
      { ...WELL, isDiskShort: true },
      'New images are refused, and those that wait are not begun, until there is more free space than INFERENCE_CLUB_DISK_RESERVE.'
    ],
    ['a disk that is nearly full', withFree(512_300_000), 'The disk of the image store has only 512 MB left.'],
    [
      'an image that cannot be read',
      { ...WELL, unreadable: { first: ['images/aa/ast_aa1'], all: 1 } },
      '1 stored image is missing, damaged or cannot be read: ast_aa1. Restore them from a backup, or delete what they belong to.'
    ],
    [
      'many of them',
      { ...WELL, unreadable: { first: ['images/aa/ast_aa1', 'thumbnails/bb/ast_bb2.256.webp'], all: 7 } },
      '7 stored images are missing, damaged or cannot be read: ast_aa1, ast_bb2.256.webp and others. Restore them from a backup, or delete what they belong to.'
    ],
    [
      'an image without a row',
      withState({ storage: { ...STATE.storage, quarantine: { images: 1, bytes: 7 } } }),
      "1 stored image is of no request that the database knows, as after restoring an older one: set aside, and erased after INFERENCE_CLUB_QUARANTINE. The command 'storage check' lists them and gives them to somebody."
    ],
    [
      'images that nobody makes',
      { ...WELL, strandedModels: ['a', 'b'] },
      "Images have waited for more than 15 minutes, and nobody online serves 'a', 'b'."
    ],
    ['a webhook given up', { ...WELL, webhooksGivenUp: 1 }, '1 webhook delivery was given up within a day.'],
    [
      'an image without its mark',
      { ...WELL, unmarked: 1 },
      '1 image was not marked as INFERENCE_CLUB_MARK_IMAGES says, since the start: the log tells why.'
    ],
    [
      'images without their mark',
      { ...WELL, unmarked: 2 },
      '2 images were not marked as INFERENCE_CLUB_MARK_IMAGES says, since the start: the log tells why.'
    ],
    [
      'images without a time',
      { ...WELL, unstamped: 2 },
      '2 images were signed without a time stamp, since the start: INFERENCE_CLUB_C2PA_TIME_STAMP_URL gave none.'
    ],
    ['webhooks given up', { ...WELL, webhooksGivenUp: 12 }, '12 webhook deliveries were given up within a day.'],
    [
      'a busy process',
      withState({ eventLoop: { meanMs: 90, p99Ms: 730.4 } }),
      'The server is overloaded: events are up to 730 ms late.'
    ]
  ])('tell of %s', (_what, facts, sentence) => {
    expect(findProblems(facts)).toEqual([sentence])
  })
})
