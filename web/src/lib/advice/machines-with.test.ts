import { expect, it } from 'vitest'
import { provider, service } from '../request-samples.ts'
import { isMadeForOthers, machinesWith, pendingWith, tellOwners } from './machines-with.ts'

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
  // It would not serve the reader then either.
  expect(found({ services: [service({ models: ['flux'], bar: 'reader' })] }, 'flux')).toBe(0)
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

it('has no machine that does not serve the reader', () => {
  const found = (...bars: Parameters<typeof service>[0][]) =>
    machinesWith('flux', {
      reader: { id: 'usr_fred' },
      providers: [provider({ services: bars.map((one) => service({ models: ['flux'], ...one })) })]
    }).length
  for (const bar of ['trust', 'private', 'reader'] as const) {
    expect([found({ bar }), found({ bar }, {})]).toEqual([0, 1])
  }
})

it('names an owner once, with three machines at most', () => {
  const [ann, ben] = [
    { id: 'a', name: 'Ann' },
    { id: 'b', name: 'Ben' }
  ]
  const has = { one: 'has it', many: 'have it' }
  const tell = (...machines: [typeof ann, string][]) =>
    tellOwners(
      machines.map(([owner, name]) => ({ owner, name })),
      has
    )
  expect(tell([ann, 'attic'], [ann, 'attic'])).toBe('tell Ann, whose machine attic has it')
  expect(tell([ann, 'attic'], [ben, 'rig'], [ann, 'den'])).toBe(
    'tell Ann, whose machines attic and den have it or Ben, whose machine rig has it'
  )
  expect(tell([ann, '1'], [ann, '2'], [ann, '3'], [ann, '4'])).toBe('tell Ann, whose machines 1, 2, and 3 have it')
})
