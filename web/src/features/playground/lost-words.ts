import type { SourceImage } from './sources/source-image.ts'

/** For what the form is taken: the edit of another image, a request to begin with, or nothing. */
export type FormUse = 'edit' | 'take' | 'empty'

/** What would be missed when the form is taken for something else, in words; undefined where nothing would. */
export function lostWords(what: FormUse, { prompt, sources }: { prompt: string; sources: readonly SourceImage[] }) {
  const images = sources.length === 1 ? 'the source image' : `${sources.length} source images`
  const parts = [
    sources.length > 0 && (sources.some(({ mask }) => mask) ? `${images} with the painted mask` : images),
    // An edit leaves the prompt where it is.
    what !== 'edit' && prompt.trim() !== '' && 'the prompt'
  ].filter((part) => part !== false)
  return parts.length === 0 ? undefined : `Put aside: ${parts.join(' and ')}.`
}
