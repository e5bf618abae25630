import type { KeyLimits } from './keys.ts'
import type { Visibility, WaitReason } from './requests.ts'
import type { Person, Role } from './session.ts'

/** `GET /api/dashboard/people`, admins only; newest last. */
export interface PersonInfo extends Person {
  /** An admin or a sign-in provider said that the address is theirs; else they typed it in, and where it is listed it does not count. */
  isEmailVouched: boolean
  createdAt: number
  /** Null: may sign in and use keys. */
  disabledAt: number | null
  /** Whether there is a password or a linked sign-in. */
  canSignIn: boolean
  lastSeenAt: number | null
  limits: KeyLimits
  /** Stored today and this month (UTC). */
  imagesToday: number
  imagesThisMonth: number
  /** Keys that count. */
  keys: number
}

/** `PATCH /api/dashboard/people/<id>`, admins only; nobody can take the last admin's role, or shut oneself out. */
export interface PersonChange {
  role?: Role
  disabled?: boolean
  limits?: KeyLimits
}

/** `GET /api/dashboard/system`, admins only. */
export interface SystemState {
  version: string
  startedAt: number
  queue: { waiting: number; running: number; oldestWaitingAt: number | null }
  /** Milliseconds an event was late on average and at the 99th percentile within the last minute. */
  eventLoop: { meanMs: number; p99Ms: number }
  /** Bytes. */
  memory: { rss: number; heapUsed: number }
  database: { bytes: number; pingMs: number }
  storage: StorageUse
  agentsOnline: number
  problems: string[]
}

/** Bytes and counts by kind of stored image; thumbnails are on top. */
export interface StorageUse {
  outputs: { images: number; bytes: number }
  inputs: { images: number; bytes: number }
  /** Set aside, because no row of the database names them. */
  quarantine: { images: number; bytes: number }
  /** Of the disk the store is on; null when it cannot be told. */
  freeBytes: number | null
}

/**
 * `GET /api/dashboard/errors?days`, admins only: requests that failed within the last 1, 7 or 30 days (7), alike ones
 * together, the latest first.
 */
export interface ErrorList {
  /** At most 100. */
  groups: ErrorGroup[]
  /** What is no fault: a limit of an hour was reached, and the request did not wait on. At most 100. */
  limits: LimitGroup[]
}

/** Failures with the same error, of the same model, on the same service. */
export interface ErrorGroup {
  code: string
  message: string
  model: string
  /** Where the last attempt ran; null when there was none. */
  worker: { provider: string; service: string } | null
  /** Of the newest 2000 failures. */
  times: number
  /** The newest ten, newest first. */
  latest: { requestId: string; at: number; owner: { id: string; name: string } }[]
}

/** Failures for the same limit, of the same model, on the same machines. */
export interface LimitGroup extends Pick<ErrorGroup, 'model' | 'times' | 'latest'> {
  /** `capped`: the limit of the machines' owners; `new_here`: the club's for new machines. */
  reason: WaitReason
  /** Those that had reached it and that there still are; empty where that was not kept. */
  machines: { id: string; name: string; owner: { id: string; name: string } }[]
}

/**
 * `GET /api/dashboard/reports`, admins only: what strangers say against public pictures, the oldest first, and what was taken down,
 * the last first. `POST …/<request>/dismiss`, `/take-down` with `{reason}` and `/lift` answer it anew.
 */
export interface ReportList {
  /** Open reports in all, of which at most 200 are listed. */
  open: number
  reported: {
    requestId: string
    owner: { id: string; name: string }
    visibility: Visibility
    /** `reason` as `ReportReason`, and what they added. */
    reports: { imageId: string; reason: string; text: string; at: number }[]
  }[]
  /** At most 200. */
  takenDown: { requestId: string; owner: { id: string; name: string }; reason: string; at: number }[]
}

/** `GET /api/dashboard/webhook-deliveries?cursor`, admins: everybody's; `POST …/<id>/redeliver`. */
export interface DeliveryPage {
  items: {
    id: string
    requestId: string
    owner: { id: string; name: string }
    eventType: string
    /** The host alone: paths may hold secrets. */
    host: string
    state: 'pending' | 'delivered' | 'failed'
    tries: number
    lastStatus: number | null
    lastError: string | null
    createdAt: number
    nextTryAt: number | null
    deliveredAt: number | null
  }[]
  next: string | null
}

/** `GET` and `PATCH /api/dashboard/settings`, admins only: what may change while the server runs. */
export interface LiveSetting {
  name: string
  /** What it is called on the page. */
  title: string
  /** The environment variable that gives its value at the start. */
  variable: string
  description: string
  kind: 'text' | 'integer' | 'duration' | 'bytes' | 'choice' | 'boolean'
  choices?: string[]
  /** As the variable would spell it. */
  value: string
  /** What it is without a change made here. */
  fallback: string
  isChanged: boolean
}

/**
 * `PATCH` body: name → new value, or null to go back to the fallback. Answers all settings. Values that cannot be are answered 400, with
 * a sentence for each in `fields` of the error. What keeps less than before needs `?mayDelete=true`: without it the answer is 409, with
 * `mayDelete` as `param` and how much would go in its message, and nothing is changed.
 */
export type SettingsChange = Record<string, string | null>
