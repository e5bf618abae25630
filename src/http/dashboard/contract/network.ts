/** `GET /api/dashboard/network`: every provider the reader may know of, online first. */
export interface NetworkState {
  providers: ProviderInfo[]
  /** Images of everybody: running, waiting, and stored within the last 24 hours. */
  running: number
  waiting: number
  /** Of those that wait, by model: of models that these machines have, for admins of all. */
  waitingFor: { model: string; images: number }[]
  imagesToday: number
}

/** Somebody's supply of GPU work. */
export interface ProviderInfo {
  id: string
  name: string
  owner: { id: string; name: string }
  isMine: boolean
  isOnline: boolean
  /** Since when it is connected; null while it is offline. */
  onlineSince: number | null
  lastSeenAt: number
  /** Since when the key counts no more with which it was connected last, so that it cannot come back with it (owner and admins only, else null). */
  keyEndedAt: number | null
  agentVersion: string | null
  /** It finishes what it has and gets nothing new; null: it takes work. */
  drainedAt: number | null
  /** Whether it may serve others than its owner. */
  trust: {
    /**
     * `pending`: an admin has to let it in; `limited`: let in, for few images of others until it has proven itself;
     * `closed`: only admins may offer, and its owner is none.
     */
    state: 'pending' | 'limited' | 'trusted' | 'blocked' | 'closed'
    /** Null: since before it was asked. */
    since: number | null
    /** It offers anything to others at all. */
    isShared: boolean
    /**
     * What a new one, that is `limited`, is given of others' images at a time and within an hour, until it has delivered so many of
     * them and so much time has passed.
     */
    given?: { atOnce: number; perHour: number; images: number; timeMs: number }
    /** There when a new one may begin no more for others within an hour. */
    spent?: UsedUp
  }
  services: ServiceInfo[]
  /** Images stored in all, and within the last 24 hours. */
  images: number
  imagesToday: number
}

/** Nothing is left of what may be made for others within an hour. */
export interface UsedUp {
  /** Until when, UTC milliseconds; null: nobody can know. */
  until: number | null
  /** So many images hold the last places while they are being made: if enough fail, there is more at once. Absent: all were made. */
  beingMade?: number
  /** It is the reader who has had what is let to each: others may have more. */
  isOwnShare?: true
}

export interface ServiceInfo {
  id: string
  name: string
  /** Only `image` is ever sent image requests. */
  type: string
  engine: string | null
  description: string | null
  access: 'members' | 'private' | 'listed'
  /** Whose addresses are listed (owner and admins only, else null). */
  listed: string[] | null
  /** Images that others may have within an hour, in all and each; null: as many as they like. */
  imagesPerHour: number | null
  imagesPerUserHour: number | null
  /** What its owner has set here in place of what the agent's file says (owner only, else null). */
  terms: ServiceTermsInfo | null
  /** Its owner has it take no work. */
  isPaused: boolean
  /**
   * Why it makes no images for the reader, whatever it can: its owner keeps it to themselves, serves others and not them, or the
   * machine may not serve others (`trust`). Null: it does, as `/v1/models` says.
   */
  bar: 'private' | 'reader' | 'trust' | null
  /** There when for that alone nothing is begun of them for the reader, or for anybody else if they are its owner. */
  usedUp: UsedUp | null
  /** Those that were made, of a service with such a limit (owner and admins only, else null). */
  usedThisHour: number | null
  /**
   * `isLoaded`: its image server has it in memory; null: it is not known. `canMake`: it can be made there now: the machine is
   * online, nobody has paused it or the service, and its image server can be used and has the model. There is `isMissing` where that
   * is there and does not have it, and `isAwaited` for the moment in which its agent looks at the image server for the first time.
   */
  models: {
    id: string
    features: string[]
    isLoaded: boolean | null
    canMake: boolean
    isMissing?: true
    isAwaited?: true
  }[]
  /** Models that its image server has beside these (owner and admins only, else null; null: it is not told). */
  spareModels: number | null
  /** What its image server has (for its owner, in ProviderDetail for admins too, else null; null: it is not told). */
  found: FoundInfo | null
  /** Found models that its owner wants to be offered (for the same, else null). */
  wanted: WantedModelInfo[] | null
  /** Of its models those that were to be loaded lately (for the same, else null). */
  warms: WarmInfo[] | null
  /** Images it makes at a time, and makes now. */
  concurrency: number
  running: number
  /** Null: it is not cooling down. */
  cooling: { until: number; faultsInRow: number; lastFault: Pick<FaultGroup, 'reason' | 'message'> | null } | null
  /** Its agent finds its image server unusable, and why (owner and admins only, else null). Null: it does not. */
  warning: { since: number; text: string | null } | null
  /** Attempts within the last 24 hours that ended in an image, and those that failed through its fault. */
  succeeded: number
  failed: number
  /** Median of the last 24 hours; null when there was nothing. */
  secondsPerMegapixel: number | null
}

/** What the image server of a service has, in its own words. */
export interface FoundInfo {
  at: number
  models: FoundModelInfo[]
  loras: string[]
  /** What is there beside these. */
  moreModels: number
  moreLoras: number
  /** The agent's file lets its owner offer them here. */
  mayOffer: boolean
  /** Of its graphics card, bytes; null: it does not tell. */
  memory: { free: number; total: number } | null
}

export interface FoundModelInfo {
  name: string
  /** Null: it does not tell. */
  bytes: number | null
  /** It lacks files without which it cannot be used. */
  isIncomplete: boolean
  /** Ids of the models that it serves. */
  serves: string[]
}

/** A found model that the owner wants to be offered, and what its agent makes of it. */
export interface WantedModelInfo {
  /** As its image server names it. */
  name: string
  state: 'asked' | 'accepted' | 'refused'
  /** What callers ask for, of an accepted one. */
  id: string | null
  /** Why, of a refused one. */
  text: string | null
  /** Since when it waits for an answer. */
  since: number | null
}

/**
 * `PUT /api/dashboard/providers/<id>/services/<service id>/offers`, for its owner: one found model is to be offered, or no
 * longer. Its agent is asked, and may say no. Answers the ProviderDetail, mostly before the agent has answered.
 */
export interface OfferChange {
  /** As its image server names it. */
  model: string
  isOffered: boolean
}

/** A model that its owner wants its image server to load, and what became of that. */
export interface WarmInfo {
  /** Its id. */
  model: string
  /**
   * `asked`: its agent has not said anything yet; `waiting`: images go first; `warming`: it is being loaded. Ends are `warmed`,
   * `refused` (by the agent, or because images went first), `failed`, and `unsupported`: the image server cannot be told to.
   */
  state: 'asked' | 'waiting' | 'warming' | 'warmed' | 'refused' | 'failed' | 'unsupported'
  /** Why; null where there is nothing to say. */
  text: string | null
  askedAt: number
}

/**
 * `PUT /api/dashboard/providers/<id>/services/<service id>/warms`, for its owner: one of its models is to be loaded, so that the
 * next image of it begins at once. Its agent is asked, and may say no. Asking again changes nothing until there is an end. Answers
 * the ProviderDetail, mostly before the agent has answered.
 */
export interface WarmWish {
  /** Its id, as callers ask for it. */
  model: string
}

/** For its owner: what counts in place of the agent's file, and what that says. */
export interface ServiceTermsInfo {
  set: ServiceTermsChange
  /** Those of `set.people` whom there still are. */
  people: PersonName[]
  /** As in the agent's file; `listed` are addresses. */
  file: {
    access: 'members' | 'private' | 'listed'
    listed: string[]
    imagesPerHour: number | null
    imagesPerUserHour: number | null
  }
}

/**
 * `PUT /api/dashboard/providers/<id>/services/<service id>/terms`, for its owner: all of it at once; null or nothing is as in the
 * agent's file. Answers the ProviderDetail. `GET …/<id>/people?q=<words>` finds `FoundPeople` to choose from, for owner and
 * admins.
 */
export interface ServiceTermsChange {
  /** `listed`: those of `people` alone. */
  access: 'members' | 'private' | 'listed' | null
  /** Ids, at most 1000; for `listed`. */
  people: string[]
  /** Images that others may have within an hour, in all and each; `none`: as many as they like. */
  imagesPerHour: number | 'none' | null
  imagesPerUserHour: number | 'none' | null
  /** It takes no work. */
  isPaused: boolean
}

/** The first fifty by name of those who have each of the words in it; there may be more. */
export interface FoundPeople {
  people: PersonName[]
  hasMore: boolean
}

export interface PersonName {
  id: string
  name: string
}

/** `GET /api/dashboard/providers/<id>`: a provider as its owner, or an admin, looks at it. */
export interface ProviderDetail extends ProviderInfo {
  /** One entry per hour of the last 7 days that had images. */
  pace: { at: number; images: number; secondsPerMegapixel: number }[]
  /** Who had images of it within 30 days, most first. Owner and admins only, else empty. */
  usedBy: { id: string; name: string; images: number; lastAt: number }[]
  /** Who may not use it. Owner and admins only, else empty. */
  blocked: { id: string; name: string; at: number }[]
  /** The name of the admin on whose word its trust rests, or that it was said on the command line. Owner and admins only; null: nobody's. */
  trustedBy: string | null
  /** Its failures of the last 7 days, alike ones together, the latest first. Owner and admins only, else empty. */
  faults: FaultGroup[]
}

/** Failures of one service for one reason, about which its agent said the same. */
export interface FaultGroup {
  service: string
  /** `unreachable`, `busy`, `model_missing`, `out_of_memory`, `crashed`, `bad_output`, `timeout` or `hung`. */
  reason: string
  /** What its agent said. */
  message: string | null
  /** 1000: that many or more. */
  times: number
  /** The newest ten, newest first; `requestId` of those the reader may see. */
  latest: { at: number; requestId: string | null }[]
}

/*
 * For its owner (admins too): `POST /api/dashboard/providers/<id>/drain`, `…/resume`,
 * `PUT` and `DELETE …/<id>/blocks/<user id>`; each answers the ProviderDetail. `DELETE …/<id>` forgets one that is offline.
 * For admins: `POST …/<id>/approve`, `…/block` and `…/unblock` let it serve others, or not; each answers the ProviderDetail.
 */
