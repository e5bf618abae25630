import { expect, it } from 'vitest'
import { provider, service } from '../request-samples.ts'
import { pendingWith } from './machines-with.ts'

it('finds the machines that an admin could let in, which would serve others then', () => {
  const rig = provider({
    trust: { state: 'pending', since: 1, isShared: true },
    services: [service({ models: ['flux'] })]
  })
  const found = (change: Partial<typeof rig>, model?: string) => pendingWith([{ ...rig, ...change }], model).length
  expect([found({}), found({}, 'flux'), found({}, 'sdxl')]).toEqual([1, 1, 0])
  expect(found({ trust: { ...rig.trust, state: 'blocked' } })).toBe(0)
  expect(found({ trust: { ...rig.trust, isShared: false } })).toBe(0)
  expect(found({ services: [{ ...service({ models: ['flux'] }), access: 'private' }] }, 'flux')).toBe(0)
})
