import { expect, it } from 'vitest'
import { faultText, faultWords } from './fault-words.ts'

it('calls faults as people would, and those it does not know by their code', () => {
  expect(['out_of_memory', 'no_provider', 'gpu_on_fire'].map(faultWords)).toEqual([
    'Out of memory',
    'No machine',
    'Gpu on fire'
  ])
})

it('tells what the machine said, and never a code of ours', () => {
  expect(faultText({ reason: 'crashed', message: 'The image server closed the connection.' })).toBe(
    'The image server closed the connection.'
  )
  for (const message of [null, '']) {
    expect(faultText({ reason: 'lease_lapsed', message })).toBe('Machine not heard of in time.')
  }
})
