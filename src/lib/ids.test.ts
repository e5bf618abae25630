import { expect, it } from 'vitest'
import { newId, newSecret } from './ids.ts'

it('makes ids of 25 letters and digits, each once, however many are made', () => {
  const ids = Array.from({ length: 2000 }, () => newId('req'))
  expect(new Set(ids).size).toBe(2000)
  for (const id of ids) expect(id).toMatch(/^req_[0-9a-z]{25}$/)
  const letters = new Set(ids.join('').replaceAll('req_', ''))
  expect(letters.size).toBe(36)
})

it('makes secrets of 40', () => {
  expect(newSecret('ic_')).toMatch(/^ic_[0-9a-z]{40}$/)
})
