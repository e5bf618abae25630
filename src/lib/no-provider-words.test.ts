import { describe, expect, it } from 'vitest'
import { type NoProvider, noProviderWords } from './no-provider-words.ts'

const UNKNOWN: NoProvider = {
  model: 'flux',
  needed: [],
  available: [],
  waiting: [],
  capped: [],
  away: [],
  lacking: [],
  pending: [],
  pendingUnready: [],
  isOnlyOwn: false,
  isAdmin: false,
  hasKey: false
}
const words = (change: Partial<NoProvider>) => noProviderWords({ ...UNKNOWN, ...change })
const NONE = "No online image provider serves 'flux' for you."
const machines = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `rig${index}`, isOwn: false }))

describe('where no machine offers anything', () => {
  it('a member is told whom to ask, an admin what to do, and who asks for their own alone that it is so', () => {
    expect(words({})).toMatch(
      /^No online image provider serves 'flux' for you\. No machine offers anything that you may use now\. Tell an admin/
    )
    expect(words({ isAdmin: true })).toBe(
      `${NONE} No machine offers anything that you may use now: connect one, the page Network of the dashboard says how.`
    )
    expect(words({ isOnlyOwn: true })).toBe(
      `${NONE} The call asks for your own machines alone, and none of them offers anything now.`
    )
    expect(words({ needed: ['edit', 'mask'] })).toBe(
      "No online image provider serves 'flux' with edit, mask for you. No online model can do that."
    )
  })
})

describe('where others are online', () => {
  it('a name with a slip is put right, and what there is is named; a program is told where the list is', () => {
    expect(words({ model: 'fluxs', available: ['flux', 'sdxl'] })).toBe(
      "No online image provider serves 'fluxs' for you. Did you mean 'flux'? Available: 'flux', 'sdxl'."
    )
    expect(words({ available: ['sdxl'], needed: ['edit'], hasKey: true })).toBe(
      "No online image provider serves 'flux' with edit for you. Available with edit: 'sdxl'. GET /v1/models lists what you may use."
    )
  })

  it('what waits for its image server is called available nowhere, and is named after what can be made now', () => {
    expect(words({ available: ['sdxl'], waiting: ['demo', 'paint'], needed: ['edit'] })).toBe(
      "No online image provider serves 'flux' with edit for you. Available with edit: 'sdxl'. Waiting for their image servers: 'demo', 'paint'."
    )
    expect(words({ available: ['sdxl'], waiting: ['fluxx'] })).toBe(
      `${NONE} Did you mean 'fluxx'? Available: 'sdxl'. Waiting for its image server: 'fluxx'.`
    )
  })

  it('it is said where nothing can be made now, and a program is sent to no list', () => {
    expect(words({ waiting: ['demo'], hasKey: true })).toBe(
      `${NONE} Nothing can be made now: 'demo' waits for its image server.`
    )
    expect(words({ waiting: ['demo', 'paint'], needed: ['edit'] })).toBe(
      "No online image provider serves 'flux' with edit for you. Nothing can be made with edit now: 'demo', 'paint' wait for their image servers."
    )
    expect(words({ waiting: ['demo'], away: machines(1) })).toMatch(
      /waits for it\. Nothing can be made now: 'demo' waits for its image server\.$/
    )
  })

  it('what was had within the hour is told apart from what waits for its image server', () => {
    const both = { waiting: ['demo'], capped: ['qwen', 'sdxl'] }
    expect(words({ ...both, available: ['ink'] })).toBe(
      `${NONE} Available: 'ink'. Waiting for its image server: 'demo'. Waiting for the hourly limits of their machines: 'qwen', 'sdxl'.`
    )
    expect(words({ ...both, hasKey: true })).toBe(
      `${NONE} Nothing can be made now: 'demo' waits for its image server; 'qwen', 'sdxl' wait for the hourly limits of their machines.`
    )
    expect(words({ capped: ['fluxx'] })).toBe(
      `${NONE} Did you mean 'fluxx'? Nothing can be made now: 'fluxx' waits for the hourly limits of its machines.`
    )
  })

  it.each([20, 21])('of %d models that wait twenty are named', (count) => {
    const said = words({ waiting: Array.from({ length: count }, (_, index) => `model-of-many-${index}`) })
    expect(said.match(/'model-/g)).toHaveLength(20)
    expect(said).toContain(count === 20 ? "'model-of-many-19' wait for" : "'model-of-many-19' and 1 more wait for")
  })

  it.each([20, 21])('of %d models twenty are named', (count) => {
    const said = words({ available: Array.from({ length: count }, (_, index) => `model-of-many-${index}`) })
    expect(said.match(/'model-/g)).toHaveLength(20)
    expect(said.endsWith("'model-of-many-19'.")).toBe(count === 20)
    expect(said.endsWith(' and 1 more.')).toBe(count === 21)
  })
})

describe('where a machine has offered it lately', () => {
  it('its owner is told to look at it, and others to tell them', () => {
    const wait = 'with "async": true the image waits for it.'
    const own = { name: 'attic', isOwn: true }
    expect(words({ away: [...machines(1), own], available: ['fluxx'] })).toBe(
      `${NONE} Your 'attic' has offered it lately: see that agent and image server run, or ${wait} Available: 'fluxx'.`
    )
    expect(words({ away: machines(1), isAdmin: true })).toBe(
      `${NONE} 'rig0' has offered it lately: tell the owner, whom the page Network of the dashboard names, or ${wait}`
    )
  })

  it.each([3, 4])('of %d machines three are named', (count) => {
    expect(words({ away: machines(count) })).toContain(
      ` 'rig0', 'rig1', 'rig2'${count === 4 ? ' and 1 more' : ''} have offered it lately`
    )
  })
})

describe('where an image server lacks the model by that name', () => {
  const own = { name: 'attic', isOwn: true }

  it('its owner is told where to see what it has, whatever else there is', () => {
    expect(words({ lacking: [...machines(1), own], pending: ['rig'], away: machines(2) })).toBe(
      `${NONE} The image server of your 'attic' lacks the model by the name that the agent's file has for it (served_as): the agent's terminal and its page under Network list what it has.`
    )
  })

  it('others are told whom to tell', () => {
    expect(words({ lacking: machines(1) })).toBe(
      `${NONE} The image server of 'rig0' lacks it: tell the owner, whom the page Network of the dashboard names.`
    )
    expect(words({ lacking: machines(4) })).toContain("The image servers of 'rig0', 'rig1', 'rig2' and 1 more lack it")
  })
})

describe('where a machine waits for approval', () => {
  it('an admin is told which they could let in, and anybody else to ask one', () => {
    expect(words({ pending: ['rig'], isAdmin: true })).toBe(
      `${NONE} 'rig' serves it and waits for an admin's approval: let it in on the page Network of the dashboard.`
    )
    expect(words({ pending: ['rig'], away: machines(1), available: ['demo'] })).toBe(
      `${NONE} A machine that serves it waits for an admin's approval: ask one. Available: 'demo'.`
    )
  })

  it('what has to be mended is told first, and a machine that could be let in now before it', () => {
    const several = { pendingUnready: ['rig', 'attic'] }
    expect(words({ ...several, isAdmin: true })).toBe(
      `${NONE} 'rig', 'attic' offer it, but are away, or their image servers cannot make it now: their owners have to mend that first. They wait for an admin's approval, too: let them in then, on the page Network of the dashboard.`
    )
    expect(words(several)).toBe(
      `${NONE} Machines that offer it are away, or their image servers cannot make it now: their owners have to mend that first. Then ask an admin to approve them.`
    )
    expect(words({ ...several, pending: ['den'] })).toContain('ask one.')
    expect(words({ ...several, away: machines(1) })).toContain('lately')
  })

  it.each([3, 4])('of %d machines three are named', (count) => {
    const said = words({ pending: Array.from({ length: count }, (_, index) => `rig${index}`), isAdmin: true })
    expect(said).toContain(count === 3 ? "'rig2' serve it" : "'rig2' and 1 more serve it")
    expect(said).toContain('let them in')
  })
})
