import { describe, expect, it } from 'vitest'
import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { provider, service } from '../../lib/request-samples.ts'
import { arrivalOf, findArrived, problemsOf } from './arrived-machine.ts'

const machine = (part: Partial<ProviderInfo> = {}) => provider({ isMine: true, ...part })

describe('findArrived', () => {
  it('finds a new machine', () => {
    expect(findArrived('rig', { before: [], now: [machine()] })).toEqual(machine())
  })

  it('finds one that was offline', () => {
    const before = [machine({ isOnline: false, onlineSince: null })]
    expect(findArrived('rig', { before, now: [machine()] })).toBeDefined()
  })

  it('waits until one that was online is replaced', () => {
    const before = [machine()]
    expect(findArrived('rig', { before, now: [machine()] })).toBeUndefined()
    expect(findArrived('rig', { before, now: [machine({ onlineSince: 200 })] })).toBeDefined()
  })

  it('passes over those of others', () => {
    expect(findArrived('rig', { before: [], now: [machine({ isMine: false })] })).toBeUndefined()
  })
})

it('tells what is wrong behind an agent that is connected', () => {
  const service = (name: string, text: string | null | undefined) =>
    ({ name, warning: text === undefined ? null : { since: 1, text } }) as ProviderInfo['services'][number]
  const services = [service('a', 'It cannot be reached.'), service('b', undefined), service('c', null)]
  expect(problemsOf({ services })).toEqual(['a: It cannot be reached.', 'c: its image server cannot be used.'])
  expect(problemsOf({ services: [] })).toEqual([])
})

describe('arrivalOf', () => {
  const serving = (change: Parameters<typeof service>[0] = {}) => [service({ models: ['sdxl'], ...change })]

  it('is good news of a machine that can work for everybody', () => {
    const news = arrivalOf(machine({ services: serving() }))
    expect(news).toEqual({ isReady: true, isLookedAt: false, headline: 'rig is connected', notes: ['It serves sdxl.'] })
  })

  it('says who has to let it in', () => {
    const trust = { state: 'pending' as const, since: null, isShared: true }
    const news = arrivalOf(machine({ services: serving(), trust }))
    expect(news).toMatchObject({ isReady: false, headline: 'rig is connected, for you alone so far' })
    expect(news.notes.join(' ')).toMatch(/Waiting for an admin's approval.*Tell one of them\.$/)
    expect(arrivalOf(machine({ services: serving(), trust: { ...trust, isShared: false } })).isReady).toBe(true)
  })

  it('says of what it is not known yet, without alarm', () => {
    const [some] = serving({ canMake: false })
    const looked = { ...some!, models: some!.models.map((model) => ({ ...model, isAwaited: true as const })) }
    expect(arrivalOf(machine({ services: [looked] }))).toEqual({
      isReady: false,
      isLookedAt: true,
      headline: 'rig is connected',
      notes: ['Looking at its image server for sdxl…']
    })
    const also = arrivalOf(machine({ services: [looked, service({ models: ['flux'] })] }))
    expect(also).toMatchObject({ isReady: true, isLookedAt: false })
    expect(also.notes).toEqual(['It serves flux.', 'Looking at its image server for sdxl…'])
  })

  it('says when it can make nothing, and what others may have', () => {
    const dead = arrivalOf(machine({ services: serving({ canMake: false }) }))
    expect(dead).toMatchObject({ isReady: false, headline: 'rig is connected, and can make no images yet' })
    expect(dead.notes).toEqual(['It is meant to serve sdxl.'])
    const half = arrivalOf(machine({ services: [...serving(), service({ models: ['flux'], canMake: false })] }))
    expect(half).toMatchObject({ isReady: true, headline: 'rig is connected' })
    expect(half.notes).toEqual(['It serves sdxl.', 'It is meant to serve flux, too.'])
    const pending = { state: 'pending' as const, since: null, isShared: true }
    expect(arrivalOf(machine({ services: serving({ canMake: false }), trust: pending })).notes).toEqual([
      'It is meant to serve sdxl.',
      "Waiting for an admin's approval. Tell one of them."
    ])
    expect(arrivalOf(machine()).notes).toEqual(['It serves no model yet.'])
    expect(arrivalOf(machine({ services: serving({ imagesPerHour: 2 }) })).notes).toContain(
      'painter: 2 images an hour for others.'
    )
  })
})
