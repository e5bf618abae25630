import { expect, it } from 'vitest'
import { readUnbegun, unbegunColumns } from './unbegun.ts'

it('is kept as the same text for the same machines, in whatever order they come, of which there are at most 20', () => {
  const kept = unbegunColumns({ reason: 'capped', machines: ['prv_b', 'prv_a', 'prv_b'] })
  expect(kept).toEqual({ error_reason: 'capped', error_machines: '["prv_a","prv_b"]' })
  expect(unbegunColumns({ reason: 'capped', machines: ['prv_a', 'prv_b'] })).toEqual(kept)
  const many = Array.from({ length: 21 }, (_, index) => `prv_${index}`)
  expect(readUnbegun(unbegunColumns({ reason: 'away', machines: many }))?.machines).toHaveLength(20)
})

it('is not known of failures for another cause, nor for a reason of a newer version', () => {
  expect(readUnbegun(unbegunColumns(undefined))).toBeUndefined()
  expect(readUnbegun({ error_reason: 'newer', error_machines: '[]' })).toBeUndefined()
})
