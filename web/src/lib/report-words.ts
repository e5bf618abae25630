/** Why a public picture should not be shown: see `lib/report-reasons.ts` of the server. */
export const REPORT_REASONS: readonly { value: string; label: string }[] = [
  { value: 'illegal', label: 'It is against the law' },
  { value: 'sexual', label: 'It is sexual' },
  { value: 'violence', label: 'It shows violence or hatred' },
  { value: 'person', label: 'It shows a person who did not agree' },
  { value: 'rights', label: 'It takes what is somebody else’s' },
  { value: 'other', label: 'Something else' }
]

/** One of a later server is said as it is. */
export const reasonWords = (reason: string): string =>
  REPORT_REASONS.find(({ value }) => value === reason)?.label ?? reason
