import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { waitingTask as task } from '../../tests/support/waiting-task.ts'
import { TASK_CLASS } from '../requests/request-states.ts'
import { type FreeSlots, type Match, matchTasks, type MatchState, type WaitingTask } from './match-tasks.ts'
import { notePass, type OwnPasses } from './passes.ts'
import { charge, type OwnTurns } from './turns.ts'

const slot = (serviceId: string, change: Partial<FreeSlots> = {}): FreeSlots => ({
  serviceId,
  free: 1,
  ownerId: 'owner',
  ...change
})

/** So many seconds with every model of these tests. */
const paced = (seconds: number) => new Map(['m', 'n', 'x', 'y', 'z'].map((model) => [model, seconds]))

const noTurns = (until: [string, number][] = []): OwnTurns => ({ now: 0, until: new Map(until) })
const noPasses = (most: number): OwnPasses => ({ most, images: new Map(), people: new Map() })

const match = (state: Partial<MatchState>): Match[] =>
  matchTasks({
    tasks: [],
    slots: [slot('a')],
    cooling: new Set(),
    running: new Map(),
    turns: noTurns(),
    passes: noPasses(8),
    ...state
  })

/** Whom the tasks belong to that are handed out, in that order, with `free` slots. */
const usersServed = (tasks: WaitingTask[], free: number, state: Partial<MatchState> = {}): string[] =>
  match({ tasks, slots: [slot('a', { free })], ...state }).map(
    ({ taskId }) => tasks.find((one) => one.id === taskId)?.userId ?? ''
  )

const manyOf = (userId: string, count: number, change: Partial<WaitingTask> = {}): WaitingTask[] =>
  Array.from({ length: count }, (_, index) => task({ userId, orderKey: index, queuedAt: index, ...change }))

describe('between users', () => {
  it('one image goes before the other 499 of somebody else', () => {
    const tasks = [...manyOf('ann', 500), task({ userId: 'bob', orderKey: 600, queuedAt: 10_000 })]
    expect(usersServed(tasks, 2)).toEqual(['ann', 'bob'])
    expect(usersServed(tasks, 1, { running: new Map([['ann', 1]]) })).toEqual(['bob'])
    expect(usersServed(tasks, 1, { turns: noTurns([['ann', 7]]) })).toEqual(['bob'])
  })

  it('slots are shared evenly, and nobody waits while there is a free one', () => {
    const tasks = [...manyOf('ann', 500), ...manyOf('bob', 2), ...manyOf('cy', 500)]
    const served = usersServed(tasks, 12)
    const count = (user: string) => served.filter((one) => one === user).length
    expect([count('ann'), count('bob'), count('cy')]).toEqual([5, 2, 5])
  })

  it('whoever runs least goes first, then whoever has had least', () => {
    const tasks = [task({ userId: 'ann' }), task({ userId: 'bob' }), task({ userId: 'cy' })]
    const running = new Map([
      ['ann', 2],
      ['bob', 1],
      ['cy', 1]
    ])
    const turns = noTurns([
      ['ann', 1],
      ['bob', 9],
      ['cy', 4]
    ])
    expect(usersServed(tasks, 3, { running, turns })).toEqual(['cy', 'bob', 'ann'])
  })

  it('one large image weighs as much as many small ones, in which order they come in', () => {
    const large = manyOf('ann', 4, { cost: 300 })
    const small = manyOf('bob', 40, { cost: 30 })
    const served = usersServed([...large, ...small], 22)
    // Places are shared evenly, and for each image that ann has, bob has ten.
    expect(served.filter((one) => one === 'ann').length).toBe(4)
    const oneByOne = (tasks: WaitingTask[], count: number) => {
      const turns = noTurns()
      const left = [...tasks]
      return Array.from({ length: count }, () => {
        const [{ taskId } = { taskId: '' }] = match({ tasks: left, turns })
        const [{ userId, cost }] = left.splice(
          left.findIndex(({ id }) => id === taskId),
          1
        ) as [WaitingTask]
        charge(turns, { userId, cost, isEarly: false })
        return userId
      })
    }
    expect(oneByOne([...large, ...small], 22).join(' ')).toBe(
      ['ann', ...Array<string>(10).fill('bob'), 'ann', ...Array<string>(10).fill('bob')].join(' ')
    )
  })

  it('nobody has saved up what they did not want', () => {
    const turns = { now: 1000, until: new Map([['bob', 1010]]) }
    const tasks = [...manyOf('ann', 30, { cost: 10 }), ...manyOf('bob', 30, { cost: 10 })]
    const served = usersServed(tasks, 10, { turns })
    expect(served.filter((one) => one === 'ann')).toHaveLength(5)
  })

  it('the tasks of one user go in their order', () => {
    const tasks = [task({ orderKey: 3 }), task({ orderKey: 1, queuedAt: 9 }), task({ orderKey: 1, queuedAt: 2 })]
    const order = match({ tasks, slots: [slot('a', { free: 3 })] }).map(({ taskId }) => taskId)
    expect(order).toEqual([tasks[2]!.id, tasks[1]!.id, tasks[0]!.id])
  })
})

describe('between classes', () => {
  it('the urgent goes first, however long the others wait', () => {
    const tasks = [
      task({ class: TASK_CLASS.batch, queuedAt: 0, userId: 'ann' }),
      task({ class: TASK_CLASS.async, queuedAt: 1, userId: 'bob' }),
      task({ class: TASK_CLASS.interactive, queuedAt: 2, userId: 'cy' })
    ]
    const running = new Map([['cy', 10]])
    expect(usersServed(tasks, 3, { running })).toEqual(['cy', 'bob', 'ann'])
  })
})

describe('where', () => {
  const places = (state: Partial<MatchState>) => match(state).map(({ serviceId }) => serviceId)
  const both = { services: ['a', 'b'] }
  const slots = [slot('a'), slot('b')]

  it('only on services that may take it', () => {
    expect(places({ tasks: [task({ services: ['b'] })], slots })).toEqual(['b'])
    expect(places({ tasks: [task({ services: [] })], slots })).toEqual([])
  })

  it('elsewhere first when it has failed somewhere', () => {
    expect(places({ tasks: [task({ ...both, failedOn: ['a'] })], slots })).toEqual(['b'])
  })

  it('waits for an elsewhere that is busy or belongs to another gateway', () => {
    const failed = task({ services: ['a'], elsewhere: ['a', 'b'], failedOn: ['a'] })
    const other = task()
    expect(match({ tasks: [failed, other] })).toEqual([{ taskId: other.id, serviceId: 'a' }])
  })

  it('the same place again when it has failed everywhere', () => {
    expect(places({ tasks: [task({ failedOn: ['a'] })] })).toEqual(['a'])
    expect(places({ tasks: [task({ ...both, failedOn: ['b', 'a'] })], slots: [slot('b')] })).toEqual(['b'])
  })

  it('a cooling service comes last', () => {
    const cooling = new Set(['a'])
    expect(places({ tasks: [task(both), task({ ...both, userId: 'bob' })], slots, cooling })).toEqual(['b'])
  })

  it('and never none: without another it is asked all the same', () => {
    expect(places({ tasks: [task()], cooling: new Set(['a']) })).toEqual(['a'])
    expect(places({ tasks: [task({ failedOn: ['a'] })], cooling: new Set(['a']) })).toEqual(['a'])
    expect(places({ tasks: [task(both)], slots: [slot('a')], cooling: new Set(['a', 'b']) })).toEqual(['a'])
  })

  it('where it failed everywhere, on the service that is not cooling', () => {
    const tasks = [task({ ...both, failedOn: ['a', 'b'] })]
    expect(places({ tasks, slots, cooling: new Set(['a']) })).toEqual(['b'])
    expect(places({ tasks, slots, cooling: new Set(['b']) })).toEqual(['a'])
    // Nor is a cooling one taken because it alone is free.
    expect(places({ tasks, slots: [slot('a')], cooling: new Set(['a']) })).toEqual([])
  })

  it('rather on a cooling service that is new to it than on the one where it failed', () => {
    const tasks = [task({ ...both, failedOn: ['b'] })]
    expect(places({ tasks, slots, cooling: new Set(['a']) })).toEqual(['a'])
  })

  it('where the model is loaded, else where most is free', () => {
    const loaded = [slot('a', { loaded: new Set(['other']), free: 5 }), slot('b', { loaded: new Set(['m']) })]
    expect(places({ tasks: [task(both)], slots: loaded })).toEqual(['b'])
    expect(places({ tasks: [task(both)], slots: [slot('a'), slot('b', { free: 2 })] })).toEqual(['b'])
  })

  it('what a round hands out counts as loaded in the same round', () => {
    const tasks = [
      task({ ...both, model: 'x', userId: 'ann' }),
      task({ ...both, model: 'y', userId: 'bob' }),
      task({ ...both, model: 'x', userId: 'cy' }),
      task({ ...both, model: 'y', userId: 'dee' })
    ]
    const wide = [slot('a', { free: 2, loaded: new Set(['x']) }), slot('b', { free: 2, loaded: new Set(['y']) })]
    expect(places({ tasks, slots: wide })).toEqual(['a', 'b', 'a', 'b'])
  })

  it('on an idle machine rather than on a busy one that has the model loaded', () => {
    const warm = slot('a', { loaded: new Set(['m']), running: 1 })
    expect(places({ tasks: [task(both)], slots: [warm, slot('b')] })).toEqual(['b'])
    expect(places({ tasks: [task(both)], slots: [warm, slot('b', { running: 1 })] })).toEqual(['a'])
    expect(places({ tasks: [task(both)], slots: [{ ...warm, running: 0 }, slot('b', { free: 3 })] })).toEqual(['a'])
  })

  it('what its owner waits for goes first on a machine, whatever it is', () => {
    const others = manyOf('bob', 3)
    const own = task({ userId: 'owner', class: TASK_CLASS.batch, orderKey: 99, queuedAt: 99 })
    const busy = new Map([['owner', 9]])
    expect(usersServed([...others, own], 1, { running: busy })).toEqual(['owner'])
    expect(usersServed([...others, own], 2, { running: busy })).toEqual(['bob', 'owner'])
    const two = [task({ ...both, userId: 'bob' }), task({ ...both, userId: 'owner', class: TASK_CLASS.batch })]
    const elsewhere = [slot('a', { loaded: new Set(['m']) }), slot('b', { ownerId: 'cy' })]
    expect(places({ tasks: two, slots: elsewhere })).toEqual(['b', 'a'])
  })

  it('no further than a new provider may go with what others want', () => {
    const few = [slot('a', { free: 5, forOthers: 2 })]
    expect(usersServed(manyOf('bob', 4), 0, { slots: few })).toEqual(['bob', 'bob'])
    expect(usersServed(manyOf('owner', 4), 0, { slots: few })).toHaveLength(4)
    expect(usersServed(manyOf('bob', 4), 0, { slots: [slot('a', { free: 5, forOthers: 0 })] })).toEqual([])
  })

  it('as many as it has shown that it can, while another could take the rest', () => {
    const wide = [slot('a'), slot('b', { free: 1000, proven: 2 })]
    const spread = places({ tasks: manyOf('bob', 40, both), slots: wide })
    expect(spread.toSorted()).toEqual(['a', 'b', 'b'])
    expect(places({ tasks: manyOf('bob', 40, { services: ['b'] }), slots: wide })).toHaveLength(40)
    const own = manyOf('owner', 40, both)
    expect(places({ tasks: own, slots: wide })).toHaveLength(40)
  })

  it('where it is likely to be done soonest', () => {
    const slow = slot('a', { secondsPerMegapixel: paced(9), free: 4 })
    const tasks = [task(both)]
    expect(places({ tasks, slots: [slow, slot('b', { secondsPerMegapixel: paced(2) })] })).toEqual(['b'])
    expect(places({ tasks, slots: [slow, slot('b', { secondsPerMegapixel: paced(2), running: 3 })] })).toEqual(['b'])
    expect(places({ tasks, slots: [slow, slot('b', { secondsPerMegapixel: paced(8), running: 3 })] })).toEqual(['a'])
    expect(places({ tasks, slots: [slow, slot('b')] })).toEqual(['a'])
  })

  it('which is reckoned from all that share what it makes at once, the image itself and those of the round included', () => {
    // The first ends its only image after 1 s a megapixel; the second four in 4 s, as soon as one of its own pace would.
    const idle = (pace: number, change: Partial<FreeSlots> = {}) =>
      slot('a', { secondsPerMegapixel: paced(pace), ...change })
    const busy = slot('b', { secondsPerMegapixel: paced(1.2), running: 3 })
    expect(places({ tasks: [task(both)], slots: [idle(1), busy] })).toEqual(['a'])
    expect(places({ tasks: [task(both)], slots: [idle(1.5), busy] })).toEqual(['b'])
    // A third of a second, then two thirds, then a whole one.
    const slots = [idle(1, { free: 3 }), slot('b', { secondsPerMegapixel: paced(0.7) })]
    const tasks = ['x', 'y', 'z'].map((model) => task({ ...both, model }))
    expect(places({ tasks, slots })).toEqual(['a', 'a', 'b'])
  })

  it("on the user's own provider when that is preferred, though the model is loaded elsewhere", () => {
    const owned = [slot('a', { ownerId: 'ann' }), slot('b', { loaded: new Set(['m']), free: 3 })]
    expect(places({ tasks: [task({ ...both, prefersOwn: true })], slots: owned })).toEqual(['a'])
    const ownedLast = [slot('a', { loaded: new Set(['m']), free: 3 }), slot('b', { ownerId: 'ann' })]
    expect(places({ tasks: [task({ ...both, prefersOwn: true })], slots: ownedLast })).toEqual(['b'])
    expect(places({ tasks: [task(both)], slots: owned })).toEqual(['b'])
  })
})

describe('a loaded model', () => {
  const loaded = (model: string, change: Partial<FreeSlots> = {}) => slot('a', { loaded: new Set([model]), ...change })
  const cold = task({ userId: 'ann', model: 'n' })
  const warm = task({ userId: 'bob', model: 'm', orderKey: 1 })

  it('lets an image go before those whose turn it is, which is told', () => {
    expect(match({ tasks: [cold, warm], slots: [loaded('m')] })).toEqual([
      { taskId: warm.id, serviceId: 'a', passedOver: [cold.id] }
    ])
    expect(match({ tasks: [cold, warm], slots: [loaded('n')] })).toEqual([{ taskId: cold.id, serviceId: 'a' }])
    expect(match({ tasks: [cold, warm], slots: [loaded('m')], passes: noPasses(0) })).toEqual([
      { taskId: cold.id, serviceId: 'a' }
    ])
  })

  it('not before what is more urgent, what the owner waits for, and what somebody else could not take', () => {
    const first = (tasks: WaitingTask[], slots = [loaded('m')]) => match({ tasks, slots })[0]?.taskId
    const urgent = { ...cold, class: TASK_CLASS.interactive }
    expect(first([urgent, { ...warm, class: TASK_CLASS.batch }])).toBe(urgent.id)
    const owners = task({ userId: 'owner', model: 'n', orderKey: 9 })
    expect(first([owners, warm])).toBe(owners.id)
    const elsewhere = task({ userId: 'cy', model: 'n', services: ['b'] })
    expect(match({ tasks: [elsewhere, warm], slots: [loaded('m')] })).toEqual([{ taskId: warm.id, serviceId: 'a' }])
  })

  it('nor where the image itself would rather go to another machine', () => {
    const both = { services: ['a', 'b'] }
    const own = task({ userId: 'bob', model: 'm', prefersOwn: true, orderKey: 1, ...both })
    const slots = [loaded('m'), slot('b', { ownerId: 'bob' })]
    expect(
      match({ tasks: [{ ...cold, services: ['a'], elsewhere: ['a'] }, own], slots }).map(({ serviceId }) => serviceId)
    ).toEqual(['a', 'b'])
  })

  it('only so often before the same image, the same person, and so many at once', () => {
    const passes = (change: Partial<OwnPasses>) => ({ ...noPasses(2), ...change })
    const first = (state: Partial<MatchState>) =>
      match({ tasks: [cold, warm], slots: [loaded('m')], ...state })[0]?.taskId
    expect(first({ passes: passes({ images: new Map([[cold.id, 1]]) }) })).toBe(warm.id)
    expect(first({ passes: passes({ images: new Map([[cold.id, 2]]) }) })).toBe(cold.id)
    expect(first({ passes: passes({ people: new Map([['ann', 1]]) }) })).toBe(warm.id)
    expect(first({ passes: passes({ people: new Map([['ann', 2]]) }) })).toBe(cold.id)
    // What they themselves go before is in their own hands, but for the image.
    const own = { ...warm, userId: 'ann' }
    expect(first({ tasks: [cold, own], passes: passes({ people: new Map([['ann', 2]]) }) })).toBe(own.id)
    const three = ['x', 'y', 'z'].map((userId) => task({ userId, model: 'n' }))
    expect(first({ tasks: [...three.slice(1), warm], passes: noPasses(2) })).toBe(warm.id)
    expect(first({ tasks: [...three, warm], passes: noPasses(2) })).toBe(three[0]!.id)
  })

  const people = ['ann', 'bob', 'cy']
  /** Serves, one after the other on one machine, people who always want an image more; what each of them wants is told. */
  function serve(wanted: readonly (readonly string[])[], most: number) {
    const turns = noTurns()
    const passes = noPasses(most)
    const served: string[] = []
    const passed = new Map<string, number>()
    let model = 'none'
    let swaps = 0
    const queues = wanted.map((models, index) =>
      models.map((m) => task({ userId: people[index]!, model: m, orderKey: 0 }))
    )
    while (queues.every((queue) => queue.length > 0)) {
      const state = { tasks: queues.map(([head]) => head!), slots: [loaded(model)], turns, passes }
      const byTurn = match({ ...state, passes: noPasses(0) })[0]!
      const [{ taskId, passedOver = [] } = byTurn] = match(state)
      if (taskId !== byTurn.taskId) passed.set(byTurn.taskId, (passed.get(byTurn.taskId) ?? 0) + 1)
      const of = (id: string) => state.tasks.find((one) => one.id === id)!
      notePass(passes, { by: of(taskId), over: passedOver.map(of) })
      charge(turns, { userId: of(taskId).userId, cost: 1, isEarly: passedOver.length > 0 })
      served.push(of(taskId).userId)
      if (of(taskId).model !== model) swaps += 1
      model = of(taskId).model
      queues.find(([head]) => head!.id === taskId)!.shift()
    }
    return { served, passed, swaps }
  }
  const models = fc.array(fc.constantFrom('m', 'n', 'o'), { minLength: 40, maxLength: 40 })

  it('passes over no image more often than it may, and nobody falls behind by more', () => {
    fc.assert(
      fc.property(fc.array(models, { minLength: 2, maxLength: 3 }), fc.integer({ min: 0, max: 8 }), (wanted, most) => {
        const { served, passed } = serve(wanted, most)
        for (const times of passed.values()) expect(times).toBeLessThanOrEqual(most)
        for (let until = 1; until <= served.length; until += 1) {
          const shares = wanted.map((_, index) => served.slice(0, until).filter((one) => one === people[index]).length)
          const fair = Math.floor(until / wanted.length)
          expect(Math.min(...shares)).toBeGreaterThanOrEqual(fair - most - 1)
        }
      })
    )
  })

  it('is loaded seldom anew when two people want one each', () => {
    const wanted = ['m', 'n'].map((model) => Array.from({ length: 80 }, () => model))
    expect(serve(wanted, 0).swaps).toBeGreaterThan(150)
    expect(serve(wanted, 8).swaps).toBeLessThan(25)
  })
})

describe('always', () => {
  const services = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
  const anyTask = fc
    .record({
      userId: fc.constantFrom('ann', 'bob', 'cy'),
      model: fc.constantFrom('m', 'n'),
      class: fc.constantFrom(0, 1, 2),
      orderKey: fc.integer({ min: -5, max: 5 }),
      queuedAt: fc.nat(5),
      services,
      more: services,
      prefersOwn: fc.boolean(),
      failedOn: services
    })
    .map(({ more, ...rest }) => task({ ...rest, elsewhere: [...new Set([...rest.services, ...more])] }))
  const anyState = fc.record({
    tasks: fc.array(anyTask, { maxLength: 20 }),
    slots: services.chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc
            .record({
              free: fc.integer({ min: 0, max: 3 }),
              loaded: fc.constantFrom('m', 'n').map((model) => new Set([model]))
            })
            .map((change) => slot(id, change))
        )
      )
    ),
    cooling: services.map((ids) => new Set(ids))
  })

  it('a slot gets at most what it has free, a task at most one slot, and only one that may take it', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const matches = match(state)
        expect(new Set(matches.map(({ taskId }) => taskId)).size).toBe(matches.length)
        for (const { serviceId, free } of state.slots) {
          expect(matches.filter((one) => one.serviceId === serviceId).length).toBeLessThanOrEqual(free)
        }
        for (const { taskId, serviceId } of matches) {
          expect(state.tasks.find((one) => one.id === taskId)?.services).toContain(serviceId)
        }
      })
    )
  })

  it('no slot stays free that a waiting task without an alternative may use', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const matches = match(state)
        const left = state.slots.filter(
          ({ serviceId, free }) => matches.filter((one) => one.serviceId === serviceId).length < free
        )
        const waiting = state.tasks.filter((one) => !matches.some(({ taskId }) => taskId === one.id))
        const stuck = waiting.filter(
          (one) => one.elsewhere.length === 1 && left.some(({ serviceId }) => one.services.includes(serviceId))
        )
        expect(stuck).toEqual([])
      })
    )
  })

  it('what it is given stays as it was', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const before = structuredClone(state)
        match(state)
        expect(state).toEqual(before)
      })
    )
  })
})
