/** What the images of a person take, each object once. */
export interface StoredBytesTable {
  owner_id: string
  bytes: number
}

/** How many images wait and run, of each person and key that has any; kept by triggers of `tasks`, and written by nobody else. */
export interface UnfinishedImagesTable {
  user_id: string
  api_key_id: string
  queued: number
  running: number
}

/** How many `images` wait for a model with one of `keys` order keys from `first_key` on; kept like `unfinished_images`. */
export interface QueueLengthsTable {
  /** 1 or 256. */
  keys: number
  model: string
  class: number
  first_key: number
  images: number
}
