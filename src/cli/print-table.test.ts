import { expect, it } from 'vitest'
import { formatTime, printTable } from './print-table.ts'

it('does nothing to the terminal, whatever somebody is called', () => {
  const written: string[] = []
  const out = { isTTY: false, write: (text: string) => written.push(text) }
  printTable([['NAME'], ['\x1b[2Jann\u202e']], out as unknown as NodeJS.WriteStream)
  expect(written).toEqual(['NAME\n', 'ann\n'])
})

it('tells every time that may be stored', () => {
  expect(formatTime(null)).toBe('-')
  expect(formatTime(0)).toBe('1970-01-01 00:00')
  expect(formatTime(Number.MAX_SAFE_INTEGER)).toBe('9999-12-31 23:59')
})
