export type RequestStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'

/** See `lib/wait-reasons.ts`. */
export type WaitReason =
  | 'capped'
  | 'new_here'
  | 'retry'
  | 'paused'
  | 'looking'
  | 'unusable'
  | 'missing'
  | 'drained'
  | 'away'
  | 'approval'
  | 'not_served'

/** Who may fetch the images of a request: see `lib/visibility.ts`. */
export type Visibility = 'PUBLIC' | 'UNLISTED' | 'PRIVATE' | 'SECRET'

export type RequestKind = 'generation' | 'edit' | 'variation'

/** A stored image; its bytes are at `/api/inference/assets/<id>/`, smaller ones at `?width=`. */
export interface ImageInfo {
  id: string
  /** Its place among the images, or the sources, of its request. */
  position: number
  width: number
  height: number
  mediaType: string
  bytes: number
  seed: number | null
}

/** A request as lists, the queue and live events show it. */
export interface RequestSummary {
  id: string
  kind: RequestKind
  status: RequestStatus
  model: string
  prompt: string
  /** How many images were asked for. */
  n: number
  owner: { id: string; name: string }
  visibility: Visibility
  /** An admin has hidden its images from everybody but its owner and admins; `reason` as `ReportReason`. */
  takenDown: { reason: string; at: number } | null
  /** When it is deleted because its time is over; null: it is kept, or has not ended. */
  expiresAt: number | null
  /** Seconds for which it is kept after its end; 0: until it is delivered, at `expiresAt` at the latest; null: it is kept. */
  expiresIn: number | null
  pinned: boolean
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  /** Finished images in their order. */
  images: ImageInfo[]
  inputs: ImageInfo[]
  mask: ImageInfo | null
  /** Over all images. */
  progress: number
  /** Which of its images are being made at the moment, by position, and since when. */
  making: { image: number; since: number }[]
  /** Width and height as asked for; null: the engine chooses. */
  size: { width: number; height: number } | null
  /** Of its first waiting image, 1 is next. */
  queuePosition: number | null
  etaSeconds: number | null
  /** When the estimate was made; it counts down from then. */
  etaToldAt: number | null
  /** There is no estimate any more: what is made, of it or before it, takes longer than like images did. */
  isOverdue: boolean
  /** Why its first waiting image waits, when nobody may begin it now; `until` is null when nobody can know, `givesUpAt` is when it fails otherwise. See `Wait` of `request-views/wait-of-held.ts`. */
  wait: {
    reason: WaitReason
    until: number | null
    givesUpAt?: number
    isOwnShare?: true
    also?: 'capped' | 'new_here' | 'paused' | 'unusable' | 'missing'
    beingMade?: number
  } | null
  /** Names of those who work or worked on it. */
  providers: string[]
  error: RequestError | null
}

export interface RequestError {
  code: string
  /** What went wrong. What each reader can do about it is said by the pages. */
  message: string
  /**
   * Why nobody could begin it, and the ids of the providers that were held back for that; absent where it failed for another cause,
   * or before this was kept.
   */
  unbegun?: { reason: WaitReason; machines: readonly string[] }
}

/** `GET /api/dashboard/requests/<id>` */
export interface RequestDetail extends RequestSummary {
  /** As the API spells them. */
  parameters: Record<string, unknown>
  warnings: string[]
  /** Of the images whose server said how it rewrote the prompt; `image` is the position. */
  revisedPrompts: { image: number; prompt: string }[]
  attempts: AttemptInfo[]
  /** The key it was made with; null when it was made here. */
  key: { id: string; name: string } | null
  batchId: string | null
  isAsync: boolean
  /** The reader is its owner, who alone may retry and delete. */
  isMine: boolean
  /** Admins who looked at it, the last one first, and in how many hours; told to its owner alone. */
  seenBy: { id: string; name: string; firstAt: number; lastAt: number; times: number }[]
}

/** One try of one image. */
export interface AttemptInfo {
  /** Position of the image in the request. */
  image: number
  provider: string
  /** Whose machine that is. */
  owner: { id: string; name: string }
  service: string
  state: 'running' | 'lapsed' | 'succeeded' | 'failed' | 'canceled'
  progress: number
  /** Why it brought no image: as of a FaultGroup, or `bad_request`, `content_rejected`, `lease_lapsed`, `agent_lost`, `input_lost` or `canceled`; null: it did, or runs. */
  reason: string | null
  /** What its machine said of that. */
  message: string | null
  /** When its image began to wait for it. */
  queuedAt: number
  assignedAt: number
  /** When the engine reported its first step; null: it never did. */
  progressedAt: number | null
  /** As the agent measured it. */
  generatingMs: number | null
  finishedAt: number | null
}

/** `GET /api/dashboard/requests?q&model&provider&status&kind&visibility&from&to&owner&cursor&limit`: newest first. */
export interface RequestPage {
  items: RequestSummary[]
  /** What to pass as `cursor` for more; null at the end. A page may be short, even empty, before the end. */
  next: string | null
}

export interface RequestQuery {
  /** Words of the prompt, in any case. */
  q?: string
  model?: string
  /** A provider's id. */
  provider?: string
  status?: RequestStatus | 'active'
  kind?: RequestKind
  visibility?: Visibility
  /** First and last moment of `createdAt`. */
  from?: number
  to?: number
  /** Admins only: one person's id, or `all`; absent: the reader's own. */
  owner?: string
  cursor?: string
  /** 1–200, default 50. */
  limit?: number
}

/** `GET /api/dashboard/filters`: what the lists can be narrowed to. */
export interface FilterOptions {
  models: string[]
  providers: { id: string; name: string }[]
  /** Admins only, else empty. */
  owners: { id: string; name: string }[]
}

/** `GET /api/dashboard/queue?owner`: running first, then in the order of their turn. */
export interface QueueState {
  items: RequestSummary[]
  /** Images of everybody, in all. */
  waiting: number
  running: number
  /** More than are listed. */
  more: boolean
}

/**
 * `GET /api/dashboard/events?owner=`: server-sent events of the reader's own requests (admins: `all`). Each `event:` is a key, its
 * `data:` the value. What was missed while disconnected is fetched anew by the page.
 */
export interface LiveEvents {
  /** Sent first, and again when events were dropped: the page has to fetch anew what it shows. */
  hello: { now: number }
  /** It is new or changed. */
  request: RequestSummary
  /** It was deleted. */
  removed: { id: string }
  /** Where an engine tells no steps, 0 of 0, `estimated` may be how far the image is likely to be, in percent. */
  progress: { requestId: string; image: number; step: number; steps: number; estimated?: number }
  /** Base64 of a small picture of how far an image is. */
  preview: { requestId: string; image: number; mediaType: string; b64: string }
  queue: { waiting: number; running: number }
}

/** An entry of `GET /api/dashboard/models`, as `GET /v1/models` answers it. */
export interface ModelInfo {
  id: string
  owned_by: string
  supported_features: string[]
  /** That callers may name. */
  loras: string[]
  providers: number
  queued: number
  /** Why what the reader asks for would wait, when nobody may begin it now; `until`, Unix seconds, when that is known. */
  waiting?: {
    reason: WaitReason
    until?: number
    own_share?: boolean
    also?: 'capped' | 'new_here' | 'paused' | 'unusable' | 'missing'
    being_made?: number
  }
  /**
   * What the reader may have of it within an hour, where that has a limit; `next`, Unix seconds, is when one no longer counts.
   * `shared`: what others had counts, too.
   */
  hourly?: { images: number; left: number; next?: number; provider?: string; shared: boolean }
}

/** What `images/generations` and its siblings answer with `async: true`. */
export interface AcceptedRequest {
  id: string
  status: string
}
