import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { JobResponse } from '../src/http/v1/jobs/job-schemas.ts'
import { ATTEMPT_REASONS } from '../src/requests/request-states.ts'
import { faultWords } from '../web/src/lib/fault-words.ts'

const quoted = (text = '') => [...text.matchAll(/`(\w+)`/g)].map(([, word]) => word)

describe('the reasons for which attempts end without an image', () => {
  it('are those of the guide to jobs', async () => {
    const guide = await readFile(new URL('../docs/jobs.md', import.meta.url), 'utf8')
    const [table = ''] = guide.split('\n| `reason` |')[1]?.split('\n\n') ?? []
    const [, , ...rows] = table.split('\n')
    const told = rows.flatMap((row) => quoted(row.split('|')[1]))
    expect(told.toSorted()).toEqual(ATTEMPT_REASONS.toSorted())
  })

  it('are those of the API reference', () => {
    const { description } = JobResponse.properties.attempts.items.properties.reason as { description?: string }
    expect(quoted(description)).toEqual([...ATTEMPT_REASONS])
  })

  it('have words on the pages', () => {
    const words = ATTEMPT_REASONS.map(faultWords)
    expect(words).toEqual([
      'Image server cannot be used',
      'Busy',
      'Model missing',
      'Out of memory',
      'Image server failed',
      'Unusable image',
      'Took too long',
      'Image server hung',
      'Refused as asked for',
      'Content refused',
      'Machine not heard of in time',
      'Connection to the machine lost',
      'Source image lost',
      'Canceled'
    ])
  })
})
