import type { Generated } from 'kysely'

/** Kept by a trigger of `assets`: an image is counted in the statement that stores it. */
export interface UsageImagesTable {
  /** One row per stored image: the asset's id. */
  asset_id: string
  request_id: string
  user_id: string
  api_key_id: string
  provider_id: string
  service_id: string
  kind: string
  model: string
  width: number
  height: number
  generating_ms: number
  created_at: number
  /** 1 once it is counted in the totals. */
  rolled_up: Generated<number>
  /** 1 for the first image stored of its request. */
  first_of_request: Generated<number>
}

interface UsageTotals {
  user_id: string
  api_key_id: string
  provider_id: string
  model: string
  kind: string
  width: number
  height: number
  images: number
  requests: number
  generating_ms: number
}

export interface UsageHoursTable extends UsageTotals {
  /** UTC milliseconds at which the hour begins. */
  hour: number
}

export interface UsageDaysTable extends UsageTotals {
  /** UTC milliseconds at which the day begins. */
  day: number
  /** When the last of them was stored; of days that were counted before this was kept, the hour. */
  last_at: number
}

/** Images of a provider that are in the totals, since ever. */
export interface UsageProvidersTable {
  provider_id: string
  images: number
}
