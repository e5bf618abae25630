/** That an admin looked at a request of somebody else; the looks of an hour are one. */
export interface LooksTable {
  request_id: string
  viewer_id: string
  first_at: number
  last_at: number
  times: number
}

/** What somebody says against a public picture, until an admin has dealt with it. */
export interface PictureReportsTable {
  request_id: string
  asset_id: string
  /** A keyed hash of their address. */
  reporter: string
  /** `ReportReason`. */
  reason: string
  text: string
  created_at: number
}
