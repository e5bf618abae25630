import { expect, it } from 'vitest'
import { REASON_WORDS, REPORT_REASONS as KNOWN } from '../../../src/lib/report-reasons.ts'
import { reasonWords, REPORT_REASONS } from './report-words.ts'

it('says each reason as the page of public pictures does', () => {
  expect(REPORT_REASONS).toEqual(KNOWN.map((value) => ({ value, label: REASON_WORDS[value] })))
  expect(reasonWords('boredom')).toBe('boredom')
})
