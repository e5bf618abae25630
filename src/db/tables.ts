import type { Generated } from 'kysely'
import type { Visibility } from '../lib/visibility.ts'
import type {
  ProvidersTable,
  ProviderBlocksTable,
  ServicesTable,
  ServiceFindsTable,
  ServiceModelsTable,
  ServiceOffersTable,
  ServicePacesTable,
  ServicePausesTable,
  ServiceWarmsTable
} from './provider-tables.ts'
import type { QueueLengthsTable, StoredBytesTable, UnfinishedImagesTable } from './count-tables.ts'
import type { LooksTable, PictureReportsTable } from './report-tables.ts'
import type { AccountsTable, InvitationsTable, SessionsTable, VerificationsTable } from './sign-in-tables.ts'
import type { UsageDaysTable, UsageHoursTable, UsageImagesTable, UsageProvidersTable } from './usage-tables.ts'

/**
 * One type per table. Times are UTC milliseconds, booleans 0 or 1, JSON is text; the migrations hold the meaning of
 * each column.
 */
export interface Tables {
  users: UsersTable
  api_keys: ApiKeysTable
  providers: ProvidersTable
  services: ServicesTable
  service_finds: ServiceFindsTable
  service_models: ServiceModelsTable
  service_offers: ServiceOffersTable
  service_paces: ServicePacesTable
  service_pauses: ServicePausesTable
  service_warms: ServiceWarmsTable
  requests: RequestsTable
  removed_prompts: RemovedPromptsTable
  tasks: TasksTable
  attempts: AttemptsTable
  assets: AssetsTable
  share_links: ShareLinksTable
  stored_bytes: StoredBytesTable
  unwanted_objects: UnwantedObjectsTable
  staged_images: StagedImagesTable
  unfinished_images: UnfinishedImagesTable
  queue_lengths: QueueLengthsTable
  usage_images: UsageImagesTable
  idempotency_keys: IdempotencyKeysTable
  batches: BatchesTable
  webhook_deliveries: WebhookDeliveriesTable
  usage_hours: UsageHoursTable
  usage_days: UsageDaysTable
  usage_providers: UsageProvidersTable
  provider_blocks: ProviderBlocksTable
  sessions: SessionsTable
  accounts: AccountsTable
  verifications: VerificationsTable
  invitations: InvitationsTable
  secrets: SecretsTable
  sweeps: SweepsTable
  looks: LooksTable
  picture_reports: PictureReportsTable
  settings: SettingsTable
  club_picture: ClubPictureTable
}

export type RequestState = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'
/**
 * `standby`: held ready by a busy service, and not begun; the task waits. `lapsed`: the lease ran out; the result still counts
 * while nobody else has taken the task.
 */
export type AttemptState = 'standby' | 'running' | 'lapsed' | 'succeeded' | 'failed' | 'canceled'
/** Any provider; the caller's own before others; the caller's own alone. */
export type Routing = 'any' | 'prefer_own' | 'only_own'
export type DeliveryState = 'pending' | 'delivered' | 'failed'
export type AssetKind = 'input' | 'mask' | 'output'

/** What a key or a person may use; null is no limit. Days and months are UTC. */
export interface LimitColumns {
  images_per_day: number | null
  images_per_month: number | null
  /** Images waiting and running at once. */
  max_active: number | null
  /** Width × height of one image. */
  max_pixels: number | null
  /** JSON list of model ids. */
  allowed_models: string | null
}

interface UsersTable extends LimitColumns {
  id: string
  name: string
  email: string
  /** 1 when an admin named the address, or a provider of sign-ins says that it is theirs; not when they typed it. */
  email_verified: Generated<number>
  image: string | null
  role: string
  /** Of requests that do not say it, and whose key does not; null: `UNLISTED`. */
  default_visibility: Generated<Visibility | null>
  /** Of their ended requests, milliseconds; null: as the operator says. */
  keep_ms: Generated<number | null>
  /** What their images may take before the oldest go; null: as the operator says. */
  keep_bytes: Generated<number | null>
  created_at: number
  updated_at: number
  /** Neither they nor their keys get in any more. */
  disabled_at: number | null
  /** Since when nothing but the id is left of the person; what they had is removed soon after. */
  deleted_at: number | null
}

interface ApiKeysTable extends LimitColumns {
  id: string
  user_id: string
  name: string
  prefix: string
  hash: string
  /** Space-separated. */
  scopes: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  /** `whsec_…`; signs the webhooks of requests made with this key. */
  webhook_secret: string | null
  /** Requests per minute; null: as configured. */
  rate_limit: number | null
  /** `url`, `b64_json` or `b64_json_only`; null: `url`. */
  default_response_format: string | null
  /** Of requests that do not say it; null: as its owner says. */
  default_visibility: Generated<Visibility | null>
  /** Of requests that do not say it, seconds; null: they are kept. */
  default_expires_in: Generated<number | null>
}

export interface RequestsTable {
  id: string
  user_id: string
  api_key_id: string
  kind: string
  state: RequestState
  /** 1 when nobody waits for the answer on the connection that sent it. */
  is_async: number
  model: string
  prompt: string
  /** JSON of `ImageParameters` as asked, by their names on the wire. */
  parameters: string
  n: number
  /** The end-user id a caller passed as `user`. */
  end_user: string | null
  batch_id: string | null
  /** Its place in the batch, from 0. */
  batch_position: number | null
  /** Called when the request ends. */
  webhook_url: string | null
  /** Who may fetch its images. */
  visibility: Generated<Visibility>
  /** For how long it is kept from its end on, seconds; 0: until it is delivered, null: nothing was said. */
  expires_in: Generated<number | null>
  /** Null: it has not ended, or nothing was said. */
  expires_at: Generated<number | null>
  /** 1: it is kept whatever else is said. */
  pinned: Generated<number>
  /** Since when nobody but its owner and admins may fetch its images, because an admin said so. */
  taken_down_at: Generated<number | null>
  /** `ReportReason`. */
  taken_down_for: Generated<string | null>
  /** Its number in the index of prompts; null: it is not in there yet. */
  search_doc: Generated<number | null>
  created_at: number
  started_at: number | null
  finished_at: number | null
  /** JSON list of sentences known at submit. */
  warnings: string
  error_code: string | null
  error_message: string | null
  /** The field of the call at fault. */
  error_param: Generated<string | null>
  /** `WaitReason`, where it failed because nobody could begin it; null: for another cause, or before this was kept. */
  error_reason: Generated<string | null>
  /** JSON list of the ids of the providers that were held back for that reason. */
  error_machines: Generated<string | null>
}

/** One row: how many prompts the index has forgotten and may still have in its files; counted by triggers of `requests`. */
interface RemovedPromptsTable {
  prompts: number
}

export interface TasksTable {
  id: string
  request_id: string
  user_id: string
  api_key_id: Generated<string>
  /** 0 … n − 1, the place of the image in the answer. */
  position: number
  state: RequestState
  kind: string
  model: string
  /** Space-separated features a service must declare. */
  needs: string
  /** Whose providers may take it. */
  routing: Routing
  seed: number
  class: number
  order_key: number
  /** Of the image that it is to become, as far as that was known when it was queued. */
  pixels: Generated<number>
  /** Sampling steps that its caller named. */
  steps: Generated<number | null>
  /** What it was reckoned to cost then, in tenths of a second of a GPU. */
  cost: Generated<number>
  queued_at: number
  current_attempt_id: string | null
  node_faults: Generated<number>
  losses: Generated<number>
  /** How often it was refused as the fault of what was asked. */
  refusals: Generated<number>
  /** Until when it is not given to services on which it met a node's fault. */
  not_before: Generated<number>
  /** 1: its current attempt is a `standby`. 2: it lies ready in the queue of its image server, too, and is nobody else's. */
  held: Generated<number>
  asset_id: string | null
  /** JSON list of the sentences of the attempt that succeeded. */
  warnings: string | null
  /** JSON of what the image server said of the image (`ImageReport`); null: nothing. */
  report: Generated<string | null>
  error_code: string | null
  error_message: string | null
  error_param: Generated<string | null>
  /** As of requests. */
  error_reason: Generated<string | null>
  error_machines: Generated<string | null>
  finished_at: number | null
}

export interface AttemptsTable {
  id: string
  task_id: string
  request_id: string
  service_id: string
  provider_id: string
  epoch: number
  /** SHA-256 of the lease token. */
  token_hash: string
  state: AttemptState
  lease_until: number
  assigned_at: number
  /** When the engine first reported a step. */
  progressed_at: number | null
  /** Percent. */
  progress: Generated<number>
  finished_at: number | null
  generating_ms: number | null
  /** One of `ATTEMPT_REASONS`. */
  reason: string | null
  reason_message: string | null
}

export interface AssetsTable {
  id: string
  owner_id: string
  request_id: string
  kind: AssetKind
  /** Order among the assets of its kind. */
  position: number
  /** Where the bytes are. Rows of the same bytes may share them. */
  storage_key: string
  media_type: string
  bytes: number
  sha256: string
  width: number
  height: number
  seed: number | null
  created_at: number
  /** 1: there is an alpha channel or a transparent colour; null of those stored before this was kept. */
  has_alpha: Generated<number | null>
  /** When an image that was to be kept until it is delivered was. */
  delivered_at: Generated<number | null>
}

/** By which whoever has it may fetch the images of a request. */
interface ShareLinksTable {
  id: string
  request_id: string
  token: string
  created_at: number
  /** Null: it lasts until it is revoked. */
  expires_at: number | null
}

/** An image whose last row was deleted, and whose bytes may still be there. */
interface UnwantedObjectsTable {
  storage_key: string
}

/** An image that an agent writes into the bucket by itself, until it was looked at and the last link to it has ended. */
interface StagedImagesTable {
  attempt_id: string
  storage_key: string
  /** As its agent announced it, and the next two. */
  bytes: number
  sha256: string
  media_type: string
  /** Of the last link. */
  expires_at: number
}

interface IdempotencyKeysTable {
  user_id: string
  endpoint: string
  key: string
  /** What the call means, as a hash or an id. */
  fingerprint: string
  /** The request or batch it created. */
  target_id: string
  created_at: number
  /** Null while there is what it created. */
  expires_at: number | null
}

interface BatchesTable {
  id: string
  user_id: string
  label: string | null
  created_at: number
}

interface WebhookDeliveriesTable {
  id: string
  user_id: string
  api_key_id: string
  request_id: string
  event_type: string
  url: string
  /** Of the URL, with its port. */
  host: Generated<string>
  /** The body, as signed and sent. */
  payload: string
  state: DeliveryState
  tries: Generated<number>
  next_try_at: number
  last_status: number | null
  last_error: string | null
  created_at: number
  first_try_at: number | null
  delivered_at: number | null
}

/** What is deleted by the clock, so that it is not by a clock that somebody has set. */
interface SweepsTable {
  name: string
  /** When it was last looked at. */
  seen_at: number
  /** For how long it has still to wait, milliseconds. */
  hold_ms: number
}

/** Random values that all gateways on this database share. */
interface SecretsTable {
  name: string
  value: string
  created_at: number
}

/** What admins changed of the configuration. */
interface SettingsTable {
  /** As the configuration names it. */
  name: string
  /** As the environment variable would spell it. */
  value: string
  changed_at: number
  /** Somebody's id. */
  changed_by: string
}

/** One row, or none. */
interface ClubPictureTable {
  /** 1. */
  id: number
  /** Base64. */
  png: string
  /** Of the png, lower-case hex. */
  sha256: string
  changed_at: number
  /** Somebody's id. */
  changed_by: string
}
