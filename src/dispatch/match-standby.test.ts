import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { waitingTask } from '../../tests/support/waiting-task.ts'
import { TASK_CLASS } from '../requests/request-states.ts'
import {
  type FreeSlots,
  type HeldReady,
  type Match,
  matchTasks,
  type MatchState,
  type WaitingTask
} from './match-tasks.ts'

let made = 0

/** A task that one service, `a`, may take and may hold ready. */
const task = (change: Partial<WaitingTask> = {}) => waitingTask({ mayStandBy: true, ...change })

/** A service whose one place is taken, and that holds nothing ready yet. */
const busy = (serviceId: string, change: Partial<FreeSlots> = {}): FreeSlots => ({
  serviceId,
  free: 0,
  running: 1,
  standby: 1,
  ownerId: 'owner',
  ...change
})

const held = (change: Partial<HeldReady> = {}): HeldReady => ({
  attemptId: `att-${++made}`,
  userId: 'bob',
  class: TASK_CLASS.interactive,
  isShare: false,
  ...change
})

const match = (state: Partial<MatchState>): Match[] =>
  matchTasks({
    tasks: [],
    slots: [busy('a')],
    cooling: new Set(),
    running: new Map(),
    turns: { now: 0, until: new Map() },
    passes: { most: 8, images: new Map(), people: new Map() },
    ...state
  })

/** Which of these tasks are held ready, by their place in the list. */
const standingBy = (tasks: readonly WaitingTask[], state: Partial<MatchState> = {}): number[] =>
  match({ tasks, ...state })
    .filter(({ isStandby, instead }) => isStandby && instead === undefined)
    .map(({ taskId }) => tasks.findIndex(({ id }) => id === taskId))

describe('a busy service', () => {
  it('holds as many ready as it has said, those first whose turn is next', () => {
    const tasks = [task({ orderKey: 2 }), task({ orderKey: 1 }), task({ userId: 'bob', orderKey: 9 })]
    expect(standingBy(tasks)).toEqual([1])
    expect(standingBy(tasks, { running: new Map([['ann', 1]]) })).toEqual([2])
    expect(standingBy(tasks, { slots: [busy('a', { standby: 2 })] })).toEqual([1, 2])
    expect(standingBy(tasks, { slots: [busy('a', { standby: 0 })] })).toEqual([])
  })

  it('begins what it has a place for, and holds the next', () => {
    const tasks = [task({ orderKey: 1 }), task({ orderKey: 2 }), task({ orderKey: 3 })]
    const matches = match({ tasks, slots: [busy('a', { free: 1, running: 0 })] })
    expect(matches.map(({ taskId, isStandby }) => [tasks.findIndex(({ id }) => id === taskId), isStandby])).toEqual([
      [0, undefined],
      [1, true]
    ])
  })

  it('holds what needs what it has loaded before others, within the same bounds', () => {
    const tasks = [task({ userId: 'bob', model: 'n' }), task({ orderKey: 1 })]
    const slots = [busy('a', { loaded: new Set(['m']) })]
    expect(standingBy(tasks, { slots })).toEqual([1])
    expect(standingBy(tasks, { slots, passes: { most: 0, images: new Map(), people: new Map() } })).toEqual([0])
  })

  it('holds what its owner waits for before what a stranger does, however urgent', () => {
    const tasks = [task(), task({ userId: 'owner', class: TASK_CLASS.batch, orderKey: 9 })]
    expect(standingBy(tasks)).toEqual([1])
  })

  it('that is quicker holds it', () => {
    const paced = (seconds: number) => ({ secondsPerMegapixel: new Map([['m', seconds]]) })
    const both = { services: ['a', 'b'], elsewhere: ['a', 'b'] }
    const matches = match({ tasks: [task(both)], slots: [busy('a', paced(9)), busy('b', paced(1))] })
    expect(matches.map(({ serviceId }) => serviceId)).toEqual(['b'])
  })
})

describe('what is held ready has to go', () => {
  const replaced = (tasks: WaitingTask[], ...ready: HeldReady[]) =>
    match({ tasks, slots: [busy('a', { standby: 0, held: ready })] }).map(({ instead }) => instead)

  it('for an image of the owner, and that for nobody', () => {
    const [strangers, own] = [held(), held({ userId: 'owner', class: TASK_CLASS.batch })]
    expect(replaced([task({ userId: 'owner', class: TASK_CLASS.batch })], strangers)).toEqual([strangers.attemptId])
    expect(replaced([task()], own)).toEqual([])
  })

  it('for what is more urgent, unless it was its turn', () => {
    const batch = held({ class: TASK_CLASS.batch })
    expect(replaced([task()], batch)).toEqual([batch.attemptId])
    expect(replaced([task({ class: TASK_CLASS.batch })], batch)).toEqual([])
    expect(replaced([task()], { ...batch, isShare: true })).toEqual([])
  })

  it('once, and the least urgent of a stranger first', () => {
    const [async, batch] = [held({ class: TASK_CLASS.async }), held({ class: TASK_CLASS.batch })]
    expect(replaced([task(), task()], async, batch)).toEqual([batch.attemptId, async.attemptId])
    expect(replaced([task(), task(), task()], async, batch)).toHaveLength(2)
  })

  it('for nothing that would go elsewhere anyway', () => {
    const tasks = [task({ userId: 'owner', elsewhere: ['a', 'b'], failedOn: ['a'] })]
    expect(replaced(tasks, held())).toEqual([])
  })
})

describe('for any queue and any services', () => {
  const services = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'))
  const ready = fc.record({
    userId: fc.constantFrom('ann', 'bob', 'owner'),
    class: fc.constantFrom(...Object.values(TASK_CLASS)),
    isShare: fc.boolean()
  })
  const anyState = fc.record({
    tasks: fc.array(
      fc
        .record({
          userId: fc.constantFrom('ann', 'bob', 'owner'),
          model: fc.constantFrom('m', 'n'),
          class: fc.constantFrom(...Object.values(TASK_CLASS)),
          orderKey: fc.nat(9),
          services,
          mayStandBy: fc.boolean()
        })
        .map(task),
      { maxLength: 12 }
    ),
    slots: fc.tuple(
      ...['a', 'b', 'c'].map((id) =>
        fc
          .record({
            free: fc.nat(2),
            standby: fc.nat(2),
            forOthers: fc.option(fc.nat(2), { nil: undefined }),
            loaded: fc.constantFrom('m', 'n').map((model) => new Set([model])),
            held: fc.array(ready.map(held), { maxLength: 2 })
          })
          .map(({ forOthers, ...change }) => busy(id, { ...change, ...(forOthers !== undefined && { forOthers }) }))
      )
    )
  })
  const check = (holds: (state: Pick<MatchState, 'tasks' | 'slots'>, matches: Match[]) => void) =>
    fc.assert(fc.property(anyState, (state) => holds(state, match(state))))

  it('what is held ready keeps nothing from a place that is free', () =>
    check((state, matches) => {
      const slots = state.slots.map((slot) => ({ ...slot, standby: 0, held: [] }))
      expect(matches.filter(({ isStandby }) => !isStandby)).toEqual(match({ ...state, slots }))
    }))

  it('a service holds no more ready than it has said, and nothing while it has a place for it', () =>
    check(({ slots }, matches) => {
      for (const { serviceId, free, standby = 0 } of slots) {
        const here = matches.filter((one) => one.serviceId === serviceId && one.instead === undefined)
        const ready = here.filter(({ isStandby }) => isStandby).length
        expect(ready).toBeLessThanOrEqual(standby)
        if (ready > 0) expect(here.length - ready).toBe(free)
      }
    }))

  it('others have no more of it than they may, what is held ready included', () =>
    check(({ slots, tasks }, matches) => {
      for (const { serviceId, forOthers = Infinity, ownerId } of slots) {
        const here = matches.filter((one) => one.serviceId === serviceId && one.instead === undefined)
        const others = here.filter(({ taskId }) => tasks.find(({ id }) => id === taskId)?.userId !== ownerId)
        expect(others.length).toBeLessThanOrEqual(forOthers)
      }
    }))

  it('each image goes to one place, where it may go, and is held ready only if it may be', () =>
    check(({ tasks }, matches) => {
      expect(new Set(matches.map(({ taskId }) => taskId)).size).toBe(matches.length)
      for (const { taskId, serviceId, isStandby } of matches) {
        const one = tasks.find(({ id }) => id === taskId)
        expect(one?.services).toContain(serviceId)
        if (isStandby) expect(one?.mayStandBy).toBe(true)
      }
    }))

  it('nothing of an owner has to go for a stranger, and nothing goes twice', () =>
    check(({ tasks, slots }, matches) => {
      const gone = matches.flatMap(({ instead }) => instead ?? [])
      expect(new Set(gone).size).toBe(gone.length)
      for (const { taskId, serviceId, instead } of matches) {
        const slot = slots.find((one) => one.serviceId === serviceId)
        const leaves = slot?.held?.find(({ attemptId }) => attemptId === instead)
        if (leaves?.userId === slot?.ownerId && leaves) {
          expect(tasks.find(({ id }) => id === taskId)?.userId).toBe(slot?.ownerId)
        }
      }
    }))
})
