import { expect, it } from 'vitest'
import { machinesNow } from './machines-now.ts'

it('counts those that can make images, and says what is with the others', () => {
  expect(machinesNow({ online: 0, able: 0 })).toEqual({ value: 0, detail: 'online' })
  expect(machinesNow({ online: 2, able: 2 })).toEqual({ value: 2, detail: 'online' })
  expect(machinesNow({ online: 2, able: 1 })).toEqual({ value: 1, detail: 'ready, 1 not ready' })
  expect(machinesNow({ online: 1, able: 0 })).toEqual({ value: 0, detail: 'ready, 1 not ready' })
})
