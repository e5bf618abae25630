import { expect, it } from 'vitest'
import { gatherRows } from './gather-rows.ts'
import { writeNumber, writeTables } from './write-tables.ts'

const measured = (target: string, figures: Record<string, number | undefined>, note?: string) => ({
  part: 'closed',
  what: 'One connection',
  target,
  figures,
  ...(note !== undefined && { note })
})

it('runs become medians with their range, and what one lacks a dash', () => {
  const rows = gatherRows([
    measured('pipe', { 'images/s': 10 }),
    measured('ours', { 'images/s': 3, 'peak, MiB': 100 }, 'one failed'),
    measured('pipe', { 'images/s': 14, 'p99, ms': undefined }),
    measured('pipe', { 'images/s': 11 }),
    measured('ours', { 'images/s': 4, 'peak, MiB': 100 }, 'one failed')
  ])
  expect(rows.map(({ runs }) => runs)).toEqual([3, 2])
  expect(writeTables(rows)).toBe(`## closed

### One connection

|  | images/s | peak, MiB |
| --- | --: | --: |
| pipe | 11 (10–14) | – |
| ours | 3.5 (3–4) | 100 |

ours: one failed`)
})

it.each([
  [0, '0'],
  [0.0123, '0.01'],
  [1.234, '1.23'],
  [12.34, '12.3'],
  [1234.5, '1,235']
])('%d is told as %s', (value, text) => {
  expect(writeNumber(value)).toBe(text)
})
