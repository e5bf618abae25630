import { describe, expect, it } from 'vitest'
import type { GalleryRow } from './gallery-layout.ts'
import { moveTo, placesOf } from './grid-keys.ts'
import { summary } from '../../../lib/request-samples.ts'

const row = (...tiles: [id: string, left: number, width: number][]): GalleryRow => ({
  kind: 'requests',
  key: tiles[0]?.[0] ?? '',
  height: 100,
  tiles: tiles.map(([id, left, width]) => ({ request: summary({ id }), left, width }))
})
const day: GalleryRow = { kind: 'day', key: 'day', height: 40, day: 0 }

const rows = [
  day,
  row(['a', 0, 100], ['b', 100, 300], ['c', 400, 100]),
  row(['d', 0, 250], ['e', 250, 250]),
  day,
  row(['f', 0, 100])
]

function press(key: string, from: string, ctrl = false): string | undefined {
  const place = placesOf(rows).get(from)
  return place && moveTo(rows, { from: place, key, ctrl })?.id
}

describe('moveTo', () => {
  it('goes to the neighbours, from row to row', () => {
    expect(press('ArrowRight', 'a')).toBe('b')
    expect(press('ArrowRight', 'c')).toBe('d')
    expect(press('ArrowRight', 'e')).toBe('f')
    expect(press('ArrowLeft', 'd')).toBe('c')
    expect(press('ArrowLeft', 'a')).toBeUndefined()
    expect(press('ArrowRight', 'f')).toBeUndefined()
  })

  it('goes up and down to what is nearest, over the names of days', () => {
    expect(press('ArrowDown', 'c')).toBe('e')
    expect(press('ArrowUp', 'e')).toBe('c')
    expect(press('ArrowUp', 'd')).toBe('a')
    expect(press('ArrowDown', 'e')).toBe('f')
    expect(press('ArrowDown', 'f')).toBeUndefined()
    expect(press('ArrowUp', 'a')).toBeUndefined()
  })

  it('goes to the ends of the row, and with Ctrl to those of everything', () => {
    expect(press('Home', 'c')).toBe('a')
    expect(press('End', 'a')).toBe('c')
    expect(press('End', 'a', true)).toBe('f')
    expect(press('Home', 'f', true)).toBe('a')
    expect(press('Home', 'f')).toBe('a')
  })

  it('leaves other keys alone', () => {
    expect(press('x', 'a')).toBeUndefined()
  })
})
