const MAX_ID_CHARS = 195

/** What callers may call a model that an image server calls so; empty when nothing is left of the name. */
export const toModelId = (name: string): string =>
  name
    .replace(/[^\p{L}\p{N}._/:-]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, MAX_ID_CHARS)
