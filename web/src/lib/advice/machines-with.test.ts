import { expect, it } from 'vitest'
import { provider, service } from '../request-samples.ts'
import { isMadeForOthers, pendingWith } from './machines-with.ts'

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

it('knows of a model whether the machine of somebody else makes it for others now', () => {
  const rig = provider({ owner: { id: 'usr_gus', name: 'Gus' }, services: [service({ models: ['flux'] })] })
  const found = (change: Partial<typeof rig>, model?: string, id = 'usr_fred') =>
    isMadeForOthers({ reader: { id }, providers: [{ ...rig, ...change }] }, model)
  expect([found({}), found({}, 'flux'), found({}, 'sdxl'), found({}, 'flux', 'usr_gus')]).toEqual([
    true,
    true,
    false,
    false
  ])
  for (const state of ['pending', 'blocked', 'closed'] as const) {
    expect(found({ trust: { ...rig.trust, state } }, 'flux')).toBe(false)
  }
  const [only] = rig.services
  for (const change of [{ type: 'text' }, { access: 'private' as const }]) {
    expect(found({ services: [{ ...only!, ...change }] }, 'flux')).toBe(false)
  }
  expect(found({ services: [service({ models: ['flux'], canMake: false })] }, 'flux')).toBe(false)
})
