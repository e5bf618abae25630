import type { PaintJob, Picture } from './picture.ts'

/** What the engine tells the painting thread. */
export type PaintOrder =
  { type: 'paint'; id: number; job: PaintJob; previewCount: number } | { type: 'cancel'; id: number }

/** A finished picture and the previews that lead to it. */
export interface Painting {
  picture: Picture
  previews: Picture[]
}

/** What the painting thread answers; a canceled order gets no answer. */
export type PaintAnswer =
  { type: 'painted'; id: number; painting: Painting } | { type: 'failed'; id: number; message: string }
