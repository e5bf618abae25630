/** Why a public picture should not be shown, as whoever reports it says, and the admin who takes it down. */
export const REPORT_REASONS = ['illegal', 'sexual', 'violence', 'person', 'rights', 'other'] as const
export type ReportReason = (typeof REPORT_REASONS)[number]

export const REASON_WORDS: Record<ReportReason, string> = {
  illegal: 'It is against the law',
  sexual: 'It is sexual',
  violence: 'It shows violence or hatred',
  person: 'It shows a person who did not agree',
  rights: 'It takes what is somebody else’s',
  other: 'Something else'
}

/** Characters of what a reporter adds. */
export const MOST_REPORT_TEXT = 500
