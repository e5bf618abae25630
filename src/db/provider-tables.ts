import type { Generated } from 'kysely'

/** Not yet let in; let in, for few images of others; for all; for none. Its owner may use it always. */
export type Trust = 'pending' | 'limited' | 'trusted' | 'blocked'

export interface ProvidersTable {
  id: string
  owner_id: string
  name: string
  epoch: number
  agent_version: string | null
  connected_at: number
  online_until: number
  last_seen_at: number
  /** Since when it gets nothing new; null: it takes work. */
  drained_at: number | null
  /** Since when it is shown no more; null again as soon as its agent connects. */
  forgotten_at: number | null
  /** Whether it may serve others than its owner. */
  trust: Generated<Trust>
  /** Since when; 0: since before it was asked. */
  trust_since: Generated<number>
  /** The admin on whose decision it rests; null: nobody's. */
  trust_by: Generated<string | null>
  /** Delivered to others since it was let in, while it is limited. */
  trust_images: Generated<number>
  /** Of its agent's last connection; null: from before this was kept. */
  api_key_id: Generated<string | null>
}

/** Somebody whom the owner of a provider does not serve. */
export interface ProviderBlocksTable {
  provider_id: string
  user_id: string
  created_at: number
}

export interface ServicesTable {
  id: string
  provider_id: string
  name: string
  type: string
  engine: string | null
  description: string | null
  concurrency: number
  timeout_ms: number
  /** JSON: `"members"`, `"private"` or a list of e-mail addresses and ids of people. */
  access: string
  /** 0 once the agent no longer declares it. */
  declared: number
  /** Caps its owner set; null is no cap. */
  images_per_hour: number | null
  images_per_user_hour: number | null
  /** JSON: these three as its agent declares them; null: as they are. */
  declared_terms: Generated<string | null>
  /** JSON: those of the three that its owner has set here instead. */
  owner_terms: Generated<string | null>
  /** Since when its owner has it take no work. */
  paused_at: Generated<number | null>
  faults_in_row: Generated<number>
  cooling_until: Generated<number>
  /** Why its image server cannot be used, as the agent says, and since when; null: nothing is known against it. */
  warning: Generated<string | null>
  warning_since: Generated<number | null>
  /** JSON: ids of its models that are loaded; null: it is not known. */
  loaded: Generated<string | null>
  /** The most images it had in the works when it delivered one. */
  proven_places: Generated<number>
}

/** What the image server of a service has, as its agent says. */
export interface ServiceFindsTable {
  service_id: string
  /** JSON: `ServiceFinds`. */
  found: string
  /** JSON: a list of `UsableLoras`. */
  loras: string
  /** Models that serve nothing yet and could. */
  spare: number
  found_at: number
}

/** Found models that the owner of a service wants it to offer. */
export interface ServiceOffersTable {
  service_id: string
  /** JSON: their names, as the image server spells them. */
  wanted: string
  /** Counts the changes of `wanted`. */
  revision: number
  wanted_at: number
  /** JSON: `OfferAnswer`; null: the agent has not said yet. */
  answer: string | null
}

/** What became of the wish that a model is loaded: not told yet, put off by images, begun; and its ends. */
export type WarmState = 'asked' | 'waiting' | 'warming' | 'warmed' | 'refused' | 'failed' | 'unsupported'

/** Models that the owner of a service wants its image server to load. */
export interface ServiceWarmsTable {
  service_id: string
  /** As callers ask for it. */
  model: string
  /** The id of the wish. */
  wish: string
  state: WarmState
  /** Why; empty where there is nothing to say. */
  text: string
  asked_at: number
  /** Until when the state counts: an open wish is given up then, an end no longer shown. */
  until: number
}

export interface ServiceModelsTable {
  service_id: string
  model: string
  /** Space-separated. */
  features: string
  created_at: number
}

/** A service, or one model of it, that is left alone. The row stays until a success, so that the next pause is longer. */
export interface ServicePausesTable {
  service_id: string
  /** Empty: the whole service. */
  model: string
  reason: string
  /** When the first of these pauses began. */
  since: number
  until: number
  in_row: number
}

/** How long services take for images of a model: see `providers/image-cost.ts`. */
export interface ServicePacesTable {
  model: string
  service_id: string
  megapixel_ms: number | null
  step_ms: number | null
  /** Images in a row measured so of which its engine told no steps. */
  megapixel_silent: Generated<number>
  step_silent: Generated<number>
}
