import { expect, it } from 'vitest'
import { provider, service } from '../../lib/request-samples.ts'
import { pendingModels } from './pending-words.ts'

it('says to an admin which models a machine could not make if it were let in, and why', () => {
  const flux = service({ models: ['flux'] })
  const broken = service({ models: ['sdxl', 'sd3'], canMake: false, warning: { since: 1, text: null } })
  const lacked = service({ models: ['aura'], canMake: false })
  const lacking = { ...lacked, models: lacked.models.map((model) => ({ ...model, isMissing: true as const })) }
  const tell = (change: Partial<ReturnType<typeof provider>>) => pendingModels(provider(change))
  expect(tell({ services: [flux] })).toBe('flux')
  expect(tell({ services: [lacking] })).toBe('aura (image server lacks it)')
  expect(tell({ services: [broken, lacking, flux] })).toBe(
    'flux; sdxl, sd3 (image server needs attention); aura (image server lacks it)'
  )
  expect(tell({ services: [lacked, service({ models: ['aura'] })] })).toBe('aura')
  expect(tell({ services: [{ ...lacked, isPaused: true }] })).toBe('aura (paused)')
  // That it is away is told once, in words of its own.
  expect(tell({ isOnline: false, services: [lacking] })).toBe('aura')
  expect(tell({ services: [{ ...flux, access: 'private' }] })).toBe('no models')
})
