import type { RequestSummary, Visibility } from './requests.ts'
import type { KeyLimits } from './keys.ts'
import type { Person } from './session.ts'

/** `GET /api/dashboard/account` */
export interface AccountInfo extends Person {
  hasPassword: boolean
  createdAt: number
  /** Who may see what they make where a call and its key do not say it; null: `UNLISTED`. */
  visibility: Visibility | null
  /** For how many days after their end their requests are kept, and how much their images may take; null: as the club has it. */
  keepDays: number | null
  keepBytes: number | null
  /** Whether admins may look at their requests and inputs, which they then see. */
  adminsLook: boolean
  /** What the operator keeps at most; null: everything. The less of both counts. */
  clubKeeps: { ms: number | null; bytes: number | null }
  /** What they may use, over all of their keys. */
  limits: KeyLimits
  /** Images made for them, ever and in this day and month (UTC), and those that wait or run. */
  images: { total: number; today: number; thisMonth: number; onTheWay: number }
  sessions: { id: string; isThis: boolean; createdAt: number; lastSeenAt: number; userAgent: string | null }[]
  linked: { provider: 'github' | 'oidc'; linkedAt: number }[]
}

/*
 * `PATCH /api/dashboard/account {name, visibility, keepDays, keepBytes}` (each may be left out; what keeps less than before needs
 * `?mayDelete=true`, as of `SettingsChange`), `DELETE /api/dashboard/account/sessions/<id>`, `POST …/account/sessions/end-others`,
 * `DELETE /api/dashboard/account {email}`: deletes the account with its requests, images, keys and providers; the e-mail
 * is asked for so that nobody does it by accident. Usage numbers stay, without a name. Passwords, linking and unlinking:
 * the sign-in library's own endpoints under `/api/auth`.
 */

/** `GET /api/dashboard/overview`: the page after signing in. */
export interface Overview {
  queue: { waiting: number; running: number; mine: number }
  /** Machines online that the reader may know of; `able`: those that can make images now. */
  machines: { online: number; able: number }
  /** Machines that wait for an admin to let them in; 0 for everybody else. */
  providersPending: number
  models: number
  myImages: { total: number; today: number }
  /** The newest requests of the reader, at most 12. */
  latest: RequestSummary[]
  /** Images that the reader's machines made for others, in this month (UTC) and ever; null: there is no such machine. */
  given: { thisMonth: number; total: number } | null
  /** What the reader has done; `hasFriend`: somebody else can come in, null for those who cannot invite anybody. */
  todo: { hasKey: boolean; hasProvider: boolean; hasImage: boolean; hasFriend: boolean | null }
}
