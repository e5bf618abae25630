import { changedBox } from './changed-box.ts'
import { composeScene } from './compose-scene.ts'
import { createDisc } from './disc.ts'
import { createFinish } from './finish.ts'
import { canvasOf, paintLayers } from './layer.ts'
import type { PaintJob, Picture } from './picture.ts'
import { averageColours, createTiles } from './reference-tiles.ts'
import { createRegrade, fillShares, sceneShare, writeRow } from './repaint.ts'

/** Pixels between two pauses: some milliseconds of work. */
const BAND_PIXELS = 32 * 1024

/**
 * Paints a picture from the top to the bottom. Pauses (`yield`) after every few milliseconds of work, so that a
 * thread can look for other messages; the pauses do not change the pixels. The result has four channels when a
 * transparent ground is asked for or the source has one, else three.
 */
export function* paintPicture(job: PaintJob): Generator<undefined, Picture> {
  const { width, height, source } = job
  const canvas = canvasOf(width, height)
  const box = source === undefined ? undefined : changedBox(job)
  const borrowed = job.references.slice(0, 1).flatMap(averageColours)
  const scene = composeScene({ ...job, borrowed, ...(box && { subjectBox: box }) })
  const finish = createFinish({ canvas, seed: job.seed, vignette: scene.vignette, grain: scene.grain })
  const regrade = source === undefined ? undefined : createRegrade(job, source, scene.palette)
  const seesScene = source === undefined || sceneShare(job.strength) > 0
  const tiles = createTiles(job)
  const disc = job.transparent ? createDisc(canvas) : undefined
  const channels = disc !== undefined || source?.channels === 4 ? 4 : 3
  const picture: Picture = { pixels: new Uint8Array(width * height * channels), channels, width, height }
  const row = new Float32Array(width * 3)
  const alpha = new Float32Array(width).fill(1)
  const shares = new Float32Array(width)

  let sincePause = 0
  for (let y = 0; y < height; y++) {
    if (seesScene) paintLayers(scene.layers, row, y)
    regrade?.(row, y)
    paintLayers(scene.subject, row, y)
    finish(row, y)
    disc?.(alpha, y)
    fillShares(shares, job, y)
    tiles?.({ row, alpha, y })
    writeRow({ picture, source, row, alpha, shares, y })
    sincePause += width
    if (sincePause >= BAND_PIXELS) {
      sincePause = 0
      yield
    }
  }
  return picture
}
