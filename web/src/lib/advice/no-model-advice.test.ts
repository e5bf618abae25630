import { describe, expect, it } from 'vitest'
import { provider, service } from '../request-samples.ts'
import { noModelAdvice } from './no-model-advice.ts'

const gina = { id: 'usr_gina', name: 'Gina' }
const serving = (change: Parameters<typeof service>[0] = {}) => service({ models: ['flux'], canMake: false, ...change })
const rig = provider({ name: 'gina-rig', owner: gina, services: [serving()] })
const pending = { ...rig, trust: { state: 'pending', since: 1, isShared: true } } as const
const paused = { ...rig, drainedAt: 1 }
const pausedService = { ...rig, services: [serving({ isPaused: true })] }
const away = { ...rig, isOnline: false, onlineSince: null }
const hidden = { ...rig, services: [serving({ access: 'private', bar: 'private' })] }

const FRIEND = { id: 'usr_fred', role: 'member' } as const
const tell = (machines: readonly (typeof rig)[], reader: Parameters<typeof noModelAdvice>[1] = FRIEND) =>
  noModelAdvice(machines, reader)

describe('without any model', () => {
  it.each([
    [
      'it waits for approval',
      pending,
      'A machine waits for an admin’s approval',
      'Ask an admin to let Gina’s gina-rig in.'
    ],
    [
      'it is paused',
      paused,
      'The machines here are paused',
      'If it stays so, tell Gina, whose machine gina-rig makes images here.'
    ],
    [
      'its service is paused',
      pausedService,
      'The machines here are paused',
      'If it stays so, tell Gina, whose machine gina-rig makes images here.'
    ],
    [
      'its image server is down',
      rig,
      'No image server can be used right now',
      'If it stays so, tell Gina, whose machine gina-rig makes images here.'
    ],
    ['it is off', away, 'No machine is online', 'If it stays so, tell Gina, whose machine gina-rig makes images here.']
  ] as const)('a friend reads why, and whom to ask by name: %s', (_why, machine, title, text) => {
    expect(tell([machine])).toEqual({ title, advice: { text } })
  })

  it('tells its owner, and an admin, what they can do and where', () => {
    expect(tell([paused], { id: gina.id, role: 'member' }).advice).toEqual({
      text: expect.stringMatching(/^It is your machine gina-rig: resume it/) as unknown,
      machine: { id: rig.id, name: 'gina-rig' }
    })
    expect(tell([pending], { id: 'usr_op', role: 'admin' }).advice).toEqual({
      text: 'Gina’s gina-rig waits for your approval.',
      machine: { id: rig.id, name: 'gina-rig' }
    })
  })

  it('says first what a word of somebody ends', () => {
    expect(tell([away, rig, paused, pending]).title).toMatch(/approval$/)
    expect(tell([away, rig, paused]).title).toMatch(/paused$/)
    expect(tell([away, rig]).title).toMatch(/right now$/)
  })

  it('says that what makes images now does not serve the reader, and nothing of the kind of what could not', () => {
    const makes = { ...rig, services: [serving({ canMake: true })] }
    const limited = { ...makes, trust: { state: 'limited', since: 1, isShared: true } } as const
    const listed = { ...makes, services: [serving({ canMake: true, access: 'listed' })] }
    for (const machine of [makes, limited, listed]) {
      expect(tell([away, paused, machine])).toEqual({
        title: 'The machines that make images now do not serve your account',
        advice: { text: 'Whom a machine serves is for its owner to say.' }
      })
    }
    const closed = { ...makes, trust: { state: 'closed', since: 1, isShared: true } } as const
    for (const machine of [closed, { ...makes, owner: { id: FRIEND.id, name: 'Fred' } }]) {
      expect(tell([machine]).title).toBe('No machine is connected yet')
    }
  })

  it('knows nothing of machines that are for others alone, or not there', () => {
    for (const machines of [[], [hidden]]) {
      expect(tell(machines)).toEqual({ title: 'No machine is connected yet', advice: null })
    }
  })
})
