import { claimOne } from '../support/claim-one.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasEnded } from '../../src/requests/request-states.ts'
import { MOST_LOSSES, MOST_NODE_FAULTS } from '../../src/requests/retry-policy.ts'
import { connect, createMemory, type Memory, type Move, MOVE_NAMES, play } from '../support/lease-moves.ts'
import { deliveredImage, LEASE_MS, openLeaseWorld, readRows, type Rows } from '../support/lease-world.ts'

/** The same orders at every run; `FUZZ_SEED` and `FUZZ_RUNS` try others, and more. */
const SEED = Number(process.env.FUZZ_SEED ?? 1)
const RUNS = Number(process.env.FUZZ_RUNS ?? 40)

/** What happens often in life happens often here, so that requests get far before they are canceled or deleted. */
const OFTEN: Partial<Record<Move['name'], number>> = {
  claim: 8,
  hold: 6,
  start: 4,
  submit: 3,
  deliver: 2,
  fail: 3,
  passTime: 4,
  renew: 3,
  expire: 2,
  findExpired: 3,
  expireAsSeen: 3,
  reconnect: 2
}

const anyMove: fc.Arbitrary<Move> = fc.record({
  name: fc.oneof(...MOVE_NAMES.map((name) => ({ arbitrary: fc.constant(name), weight: OFTEN[name] ?? 1 }))),
  gateway: fc.nat(1),
  pick: fc.nat(1000),
  other: fc.nat(1000)
})

/** What has once been true of a task for good. */
interface History {
  /** Succeeded tasks as they were then. */
  succeeded: Map<string, string>
}

/** Everything that must hold after each move, whatever came before; one sentence for each offence. */
function offencesIn({ requests, tasks, attempts, assets, usage, miscounts }: Rows, { succeeded }: History): string[] {
  const offences: string[] = [...miscounts]
  const wrong = (condition: boolean, what: string) => void (condition && offences.push(what))
  const attemptsOf = Map.groupBy(attempts, (attempt) => attempt.task_id)
  const tasksOf = Map.groupBy(tasks, (task) => task.request_id)

  for (const task of tasks) {
    const own = attemptsOf.get(task.id) ?? []
    const current = own.find((attempt) => attempt.id === task.current_attempt_id)
    const images = assets.filter((asset) => asset.request_id === task.request_id && asset.position === task.position)
    const won = own.filter(({ state }) => state === 'succeeded')
    const live = own.filter(({ state }) => ['standby', 'running', 'lapsed'].includes(state))
    wrong(task.node_faults > MOST_NODE_FAULTS, `${task.id} has ${task.node_faults} node faults`)
    wrong(task.losses > MOST_LOSSES, `${task.id} has ${task.losses} losses`)
    wrong(
      images.length !== (task.state === 'succeeded' ? 1 : 0),
      `${task.id} is ${task.state} with ${images.length} images`
    )
    wrong(won.length !== images.length, `${task.id} has ${images.length} images of ${won.length} attempts`)
    wrong(
      live.some((attempt) => attempt !== current),
      `${task.id} has a live attempt that is not its current one`
    )
    wrong(
      task.held !== (current?.state === 'standby' ? 1 : 0),
      `${task.id} is held: ${task.held}, by one that is ${current?.state}`
    )
    switch (task.state) {
      case 'running':
        wrong(current?.state !== 'running', `${task.id} runs under a lease that is ${current?.state}`)
        break
      case 'queued':
        wrong(
          current !== undefined && current.state !== 'lapsed' && current.state !== 'standby',
          `${task.id} waits under one that is ${current?.state}`
        )
        wrong(
          current === undefined && task.current_attempt_id !== null,
          `${task.id} is held by an attempt that is not there`
        )
        break
      case 'succeeded':
        wrong(won[0] !== current, `${task.id} has an image of another attempt than its current one`)
        wrong(
          (succeeded.get(task.id) ?? JSON.stringify(task)) !== JSON.stringify(task),
          `${task.id} changed afterwards`
        )
        succeeded.set(task.id, JSON.stringify(task))
        break
      default:
        wrong(live.length > 0, `${task.id} is ${task.state} and has a live attempt`)
    }
  }
  for (const request of requests) {
    const states = (tasksOf.get(request.id) ?? []).map((task) => task.state)
    wrong(hasEnded(request.state) !== states.every(hasEnded), `${request.id} is ${request.state} with ${states.join()}`)
    wrong(hasEnded(request.state) !== (request.finished_at !== null), `${request.id} has the wrong end`)
    wrong(request.state === 'queued' && states.includes('running'), `${request.id} waits and runs`)
    wrong(request.state === 'succeeded' && !states.includes('succeeded'), `${request.id} succeeded without an image`)
  }
  // Usage stays when a request is deleted.
  wrong(usage.length !== succeeded.size, `${usage.length} images counted, ${succeeded.size} made`)
  wrong(new Set(usage.map((row) => row.asset_id)).size !== usage.length, 'an image was counted twice')
  return offences
}

/** Whatever state it is in, work goes on to its end once agents are there again. */
async function finishAll(memory: Memory): Promise<void> {
  const { world } = memory
  const { database, requests } = world.gateways[0]!
  world.clock.advance(LEASE_MS * 2)
  const connection = await connect(memory, { name: 'last', gateway: 0, attempts: [] })
  for (let round = 0; round < 10; round++) {
    await requests.expireLeases()
    const waiting = await database.db.selectFrom('tasks').selectAll().where('state', '=', 'queued').execute()
    for (const task of waiting) {
      const given = await claimOne(requests, { task, ...connection })
      const attempt = given && (await requests.findAttempt(given.attemptId, given.token))
      if (attempt) await requests.finish(attempt, deliveredImage())
    }
  }
}

describe('leases', () => {
  it('hold whatever order messages come in, at two gateways on one file', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyMove, { minLength: 30, maxLength: 120, size: 'max' }), async (moves) => {
        const world = await openLeaseWorld({ gateways: 2 })
        try {
          const memory = createMemory(world)
          const history: History = { succeeded: new Map() }
          const look = async () => [
            ...memory.offences,
            ...offencesIn(await readRows(world.gateways[0]!.database), history)
          ]
          for (const name of ['one', 'two']) await connect(memory, { name, gateway: 0, attempts: [] })
          for (const move of moves) {
            await play(memory, move)
            expect(await look()).toEqual([])
          }
          await finishAll(memory)
          expect(await look()).toEqual([])
          const { requests } = await readRows(world.gateways[0]!.database)
          expect(requests.filter(({ state }) => !hasEnded(state))).toEqual([])
        } finally {
          await world.close()
        }
      }),
      { seed: SEED, numRuns: RUNS }
    )
  })
})
