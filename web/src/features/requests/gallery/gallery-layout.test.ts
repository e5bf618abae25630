import { describe, expect, it } from 'vitest'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { collage, layOutGrid, layOutList, shapeOf } from './gallery-layout.ts'
import { summary } from '../../../lib/request-samples.ts'

const DAY = 86_400_000
const options = {
  width: 1000,
  gap: 8,
  rowHeight: 200,
  dayHeight: 40,
  dayOf: (at: number) => Math.floor(at / DAY) * DAY
}

const image = (width: number, height: number, position = 0) => ({ ...summary().images[0]!, width, height, position })
const many = (count: number, change: (index: number) => Partial<RequestSummary>) =>
  Array.from({ length: count }, (_, index) => summary({ id: `req_${index}`, createdAt: 10 * DAY, ...change(index) }))

describe('layOutGrid', () => {
  it('fills the width of every row but the last of a day, without overlaps', () => {
    const shapes = [image(1024, 1024), image(768, 1024), image(1536, 1024)]
    const rows = layOutGrid(
      many(40, (index) => ({ images: [shapes[index % 3]!] })),
      options
    ).filter((row) => row.kind === 'requests')
    expect(rows.length).toBeGreaterThan(3)
    for (const [index, row] of rows.entries()) {
      const last = row.tiles.at(-1)!
      if (index < rows.length - 1) expect(last.left + last.width).toBe(1000)
      else expect(last.left + last.width).toBeLessThanOrEqual(1000)
      expect(row.height).toBeLessThanOrEqual(260)
      expect(row.height).toBeGreaterThan(130)
      for (const [at, tile] of row.tiles.slice(1).entries()) {
        const before = row.tiles[at]!
        expect(Math.abs(tile.left - before.left - before.width - 8)).toBeLessThanOrEqual(1)
      }
    }
  })

  it('keeps every request once and in order, under its day', () => {
    const requests = many(12, (index) => ({ createdAt: (20 - Math.floor(index / 5)) * DAY + 5 }))
    const rows = layOutGrid(requests, options)
    expect(rows.flatMap((row) => (row.kind === 'day' ? [row.day / DAY] : []))).toEqual([20, 19, 18])
    const ids = rows.flatMap((row) => (row.kind === 'requests' ? row.tiles.map((tile) => tile.request.id) : []))
    expect(ids).toEqual(requests.map(({ id }) => id))
  })

  it('keeps an image within the page that is wider than it', () => {
    const [, row] = layOutGrid([summary({ images: [image(8000, 500)] })], { ...options, width: 300 })
    expect(row).toMatchObject({ height: 200, tiles: [{ left: 0, width: 210 }] })
  })

  it('gives an unfinished request the place that its images will have', () => {
    const size = { width: 512, height: 1024 }
    const waiting = summary({ status: 'queued', images: [], n: 2, size })
    const done = summary({ images: [image(512, 1024), image(512, 1024, 1)], n: 2 })
    expect(shapeOf(waiting)).toBeCloseTo(shapeOf(done))
  })

  it('leaves no place for images that failed', () => {
    expect(shapeOf(summary({ n: 4, images: [image(512, 512)] }))).toBe(1)
    expect(shapeOf(summary({ status: 'failed', n: 2, images: [] }))).toBe(1)
  })
})

describe('collage', () => {
  it('covers the tile with images of one shape', () => {
    for (const count of [1, 2, 3, 4, 9]) {
      const { ratio, cells } = collage(count)
      expect(cells.reduce((sum, cell) => sum + cell.width * cell.height, 0)).toBeCloseTo(1)
      for (const cell of cells) expect((cell.width * ratio) / cell.height).toBeCloseTo(1)
    }
  })
})

describe('layOutList', () => {
  it('has a row for each request', () => {
    const rows = layOutList(
      many(3, () => ({})),
      { ...options, rowHeight: 60 }
    )
    expect(rows.map(({ height }) => height)).toEqual([40, 60, 60, 60])
  })
})
