import { REASON_WORDS, REPORT_REASONS } from '../../../src/lib/report-reasons.ts'

/** Why a public picture should not be shown. */
export const REASON_CHOICES: readonly { value: string; label: string }[] = REPORT_REASONS.map((value) => ({
  value,
  label: REASON_WORDS[value]
}))

/** One of a later server is said as it is. */
export const reasonWords = (reason: string): string =>
  REASON_CHOICES.find(({ value }) => value === reason)?.label ?? reason
