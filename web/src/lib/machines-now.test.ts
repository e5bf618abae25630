import { expect, it } from 'vitest'
import { machinesNow } from './machines-now.ts'

it('counts those that can make images, and says of how many where that are fewer', () => {
  expect(machinesNow({ online: 0, able: 0 })).toEqual({ value: 0, detail: 'online' })
  expect(machinesNow({ online: 2, able: 2 })).toEqual({ value: 2, detail: 'online' })
  expect(machinesNow({ online: 2, able: 1 })).toEqual({ value: 1, detail: 'of 2 ready' })
  expect(machinesNow({ online: 1, able: 0 })).toEqual({ value: 0, detail: 'of 1 ready' })
})
