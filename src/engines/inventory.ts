import type { Feature } from '../images/image-request.ts'

/** A model that an image server has. Its texts are the server's own words: they are cleaned where they are shown. */
export interface FoundModel {
  /** As the server calls it. */
  servedAs: string
  /** From which callers' name for it is made; absent: `servedAs`. */
  name?: string
  /** What works with it; absent: what is usual for the engine. */
  features?: readonly Feature[]
}

/** What lies on an image server, as far as it tells. */
export interface Inventory {
  /** Those that make images, in its own order. */
  models: readonly StoredModel[]
  /** How many it has beside these; absent: none. */
  moreModels?: number
  /** Names of models that do not tell whether they make images; absent: none. */
  unclearModels?: readonly string[]
  /** LoRAs, as the server calls them. */
  loras: readonly string[]
  /** Of its graphics card, bytes. */
  memory?: { free: number; total: number }
}

export interface StoredModel extends FoundModel {
  /** Of its file, bytes. */
  bytes?: number
  /** Files that it needs beside its own are missing, so that it cannot be used without more being said of it. */
  isIncomplete?: true
}
