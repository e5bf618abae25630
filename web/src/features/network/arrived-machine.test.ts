import { describe, expect, it } from 'vitest'
import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { provider } from '../../lib/request-samples.ts'
import { problemsOf, findArrived } from './arrived-machine.ts'

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
