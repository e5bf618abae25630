import type { Candidate } from './request-search-store.ts'

/** A prompt this long costs as much as another request. */
const PROMPT_CHARS = 500

/** What it cost to look at so many requests, of which the prompts of these were read: as many with short ones cost the same. */
export const workOf = (candidates: readonly Candidate[], count: number): number =>
  count + candidates.reduce((chars, { prompt = '' }) => chars + prompt.length, 0) / PROMPT_CHARS

/** How many to look at before anything is known of their prompts, which may all be long, where `slice` is the most. */
export const firstCount = (slice: number): number => Math.ceil(slice / 10)

/** How many to look at next so that it costs no more than `slice`, if they are as the last `count` were, which cost `work`. */
export const nextCount = (slice: number, { count, work }: { count: number; work: number }): number =>
  Math.max(1, Math.min(slice, Math.floor((slice * count) / work)))
