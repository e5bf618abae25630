import { expect, it } from 'vitest'
import { faultWords } from './fault-words.ts'

it('calls faults as people would, and those it does not know by their code', () => {
  expect(['out_of_memory', 'no_provider', 'gpu_on_fire'].map(faultWords)).toEqual([
    'Out of memory',
    'No machine',
    'Gpu on fire'
  ])
})
