import { claimOne } from './claim-one.ts'
import { AppError } from '../../src/lib/errors.ts'
import { NODE_FAULTS, REQUEST_FAULTS } from '../../src/protocol/messages.ts'
import { type AttemptRow, isLeased, listExpired } from '../../src/requests/attempt-store.ts'
import { findTask, type TaskRow } from '../../src/requests/task-store.ts'
import {
  type Connection,
  deliveredImage,
  LEASE_MS,
  type LeaseWorld,
  MODEL,
  readRows,
  type Rows
} from './lease-world.ts'

/** What a fuzzer does next: a name, and numbers that choose among what there is. */
export interface Move {
  name: keyof typeof MOVES
  gateway: number
  pick: number
  other: number
}

/** What agents and half-done operations remember; the database may have moved on. */
export interface Memory {
  world: LeaseWorld
  requests: string[]
  /** Every lease ever given, whatever became of it. */
  leases: { attemptId: string; token: string; agent: string }[]
  connections: Map<string, { connection: Connection; gateway: number }>
  /** Older ones, of which messages may still be under way. */
  pastConnections: Connection[]
  /** Tasks as a dispatcher has read them, and not yet claimed. */
  seenTasks: TaskRow[]
  /** Attempts as a delivery or a search for lapsed leases has read them, and not yet written. */
  seenAttempts: { row: AttemptRow; lapsed: boolean }[]
  /** What was broken by a move, as opposed to by the state after it. */
  offences: string[]
}

export const createMemory = (world: LeaseWorld): Memory => ({
  world,
  requests: [],
  leases: [],
  connections: new Map(),
  pastConnections: [],
  seenTasks: [],
  seenAttempts: [],
  offences: []
})

const AGENTS = ['one', 'two']
const FORGED = 'lease_forged'
const FAULTS = [...NODE_FAULTS, ...REQUEST_FAULTS]

const at = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)]

type Play = (memory: Memory, move: Move & ReturnType<typeof partsOf>) => Promise<unknown>

const partsOf = ({ world }: Memory, { gateway }: Move) => at(world.gateways, gateway)!

const MOVES = {
  submit: async (memory, { gateway, pick }) => memory.requests.push(await memory.world.submit(gateway, 1 + (pick % 3))),
  look: async (memory, { database, pick }) => {
    const task = at(await database.db.selectFrom('tasks').selectAll().execute(), pick)
    if (task) memory.seenTasks.push(task)
  },
  claim: async (memory, { database, requests, pick, other }) => {
    const waiting = await database.db.selectFrom('tasks').selectAll().where('state', '=', 'queued').execute()
    await claim(memory, { requests, task: at(waiting, pick), agent: at(AGENTS, other)! })
  },
  claimAsSeen: async (memory, { requests, pick, other }) =>
    claim(memory, { requests, task: at(memory.seenTasks, pick), agent: at(AGENTS, other)! }),
  hold: async (memory, { database, requests, pick, other }) => {
    const waiting = await database.db.selectFrom('tasks').selectAll().where('state', '=', 'queued').execute()
    await claim(memory, { requests, task: at(waiting, pick), agent: at(AGENTS, other)!, isStandby: true })
  },
  holdAsSeen: async (memory, { requests, pick, other }) =>
    claim(memory, { requests, task: at(memory.seenTasks, pick), agent: at(AGENTS, other)!, isStandby: true }),
  start: async (memory, { database, requests, pick }) => {
    const lease = at(memory.leases, pick)
    const before = lease && (await requests.findAttempt(lease.attemptId))
    if (!before) return
    const isStarted = await requests.startStandby(before.id)
    const after = await requests.findAttempt(before.id)
    if (isStarted !== (after?.state === 'running'))
      memory.offences.push(`${before.id} is said to have begun: ${isStarted}`)
    if (before.state !== 'standby' && JSON.stringify(before) !== JSON.stringify(after)) {
      memory.offences.push(`${before.id} was ${before.state} and begun`)
    }
    const task = await findTask(database.db, before.task_id)
    if (isStarted && task?.current_attempt_id !== before.id) memory.offences.push(`${before.id} runs for nobody`)
  },
  release: async (memory, { database, requests, pick }) => {
    const lease = at(memory.leases, pick)
    const attempt = lease && (await requests.findAttempt(lease.attemptId))
    if (!attempt) return
    const before = await readRows(database)
    if (await requests.releaseStandby(attempt.id)) {
      if (attempt.state !== 'standby') memory.offences.push(`${attempt.id} was ${attempt.state} and let go`)
    } else expectUnchanged(memory, 'letting go of what is not held', { before, after: await readRows(database) })
  },
  claimReplaced: async (memory, { database, requests, pick }) => {
    const waiting = await database.db.selectFrom('tasks').selectAll().where('state', '=', 'queued').execute()
    const [task, replaced] = [at(waiting, pick), at(memory.pastConnections, pick)]
    if (task && replaced && (await claimOne(requests, { task, ...replaced }))) {
      memory.offences.push('a replaced connection was given work')
    }
  },
  renew: async (memory, { requests, pick }) => {
    const connection = memory.connections.get(at(AGENTS, pick)!)?.connection
    if (connection) await requests.renewConnections([{ ...connection, draining: false, silentForMs: 0 }])
  },
  renewReplaced: async (memory, { requests, pick, database }) => {
    const connection = at(memory.pastConnections, pick)
    const before = await readRows(database)
    if (connection) await requests.renewConnections([{ ...connection, draining: false, silentForMs: 0 }])
    expectUnchanged(memory, 'a renewal of a replaced connection', { before, after: await readRows(database) })
  },
  deliver: async (memory, { database, requests, pick }) => {
    const lease = at(memory.leases, pick)
    const attempt = lease && (await requests.findAttempt(lease.attemptId, lease.token))
    // As the byte path does: what has ended is answered without a look at the image.
    if (!attempt || !['standby', 'running', 'lapsed'].includes(attempt.state)) return
    if (attempt.state === 'standby' && !(await requests.startStandby(attempt.id))) return
    await finish(memory, { database, requests, attempt })
  },
  beginDelivery: async (memory, { requests, pick }) => {
    const lease = at(memory.leases, pick)
    const row = lease && (await requests.findAttempt(lease.attemptId, lease.token))
    if (row && ['running', 'lapsed'].includes(row.state)) memory.seenAttempts.push({ row, lapsed: false })
  },
  endDelivery: async (memory, { database, requests, pick }) => {
    const seen = at(memory.seenAttempts, pick)
    if (seen) await finish(memory, { database, requests, attempt: seen.row })
  },
  deliverWithWrongToken: async (memory, { requests, pick, other }) => {
    const lease = at(memory.leases, pick)
    const garbage = at(memory.leases, other)
    const token = garbage && garbage !== lease ? garbage.token : 'lease_nobodys'
    if (lease && (await requests.findAttempt(lease.attemptId, token)))
      memory.offences.push('a wrong token was accepted')
  },
  fail: async (memory, { requests, pick, other }) => {
    const lease = at(memory.leases, pick)
    const attempt = lease && (await requests.findAttempt(lease.attemptId, lease.token))
    if (attempt) await requests.fail(attempt, { reason: at(FAULTS, other)!, message: 'It failed.' })
  },
  passTime: async ({ world }, { pick }) => world.clock.advance((pick % 4) * (LEASE_MS / 3) + 1),
  expire: async (_memory, { requests }) => requests.expireLeases(),
  findExpired: async (memory, { database }) => {
    for (const row of await listExpired(database.db, memory.world.clock.now(), 10)) {
      memory.seenAttempts.push({ row, lapsed: true })
    }
  },
  expireAsSeen: async (memory, { requests, pick }) => {
    const seen = at(
      memory.seenAttempts.filter(({ lapsed }) => lapsed),
      pick
    )
    const now = seen && (await requests.findAttempt(seen.row.id))
    if (!now || !(await requests.fail(seen.row, { reason: 'lease_lapsed', message: 'It lapsed.' }))) return
    if (!isLeased(now)) memory.offences.push(`a lease that was ${now.state} lapsed`)
    if (now.lease_until >= memory.world.clock.now()) memory.offences.push('a lease lapsed that had been renewed')
  },
  voidAsSeen: async (memory, { requests, pick }) => {
    const seen = at(memory.seenAttempts, pick)?.row
    const now = seen && (await requests.findAttempt(seen.id))
    if (!now || !(await requests.fail(seen, { reason: 'agent_lost', message: 'It went.' }))) return
    if (now.epoch !== seen.epoch) memory.offences.push('a lease was voided that a newer connection goes on with')
  },
  expireWaiting: async ({ world }, { requests }) => {
    world.clock.advance(3_600_001)
    await requests.expireWaiting()
  },
  reconnect: async (memory, { gateway, pick, other }) => {
    const name = at(AGENTS, pick)!
    const own = memory.leases.filter(({ agent }) => agent === name)
    // Any of its own, some with the token of another, and one of somebody else.
    const attempts = own
      .filter((_, index) => (other >> (index % 8)) & 1)
      .map(({ attemptId, token }, index) => ({ id: attemptId, token: other % 3 === index % 3 ? FORGED : token }))
    const foreign = memory.leases.find(({ agent }) => agent !== name)
    if (foreign && other % 3 === 0) attempts.push({ id: foreign.attemptId, token: foreign.token })
    const { resumed, gone } = await connect(memory, { name, gateway, attempts })
    const mayGoOn = attempts.filter(({ id, token }) => token !== FORGED && id !== foreign?.attemptId)
    const goesOn = resumed.map(({ id }) => id)
    if (goesOn.some((id) => !mayGoOn.some((one) => one.id === id))) memory.offences.push('a lease went to a stranger')
    if (attempts.length !== goesOn.length + gone.length) memory.offences.push('a hello was not answered in full')
  },
  disconnect: async (memory, { requests, pick, other }) => {
    const connection = memory.connections.get(at(AGENTS, pick)!)?.connection
    if (connection) await requests.disconnectAgent(connection, { voided: other % 2 === 0 })
  },
  restart: async (_memory, { requests }) => requests.giveGrace(),
  cancel: async (memory, { requests, pick }) => {
    const id = at(memory.requests, pick)
    if (id) await requests.cancel(id)
  },
  retry: async ({ world, requests: ids }, { requests, pick }) => {
    const id = at(ids, pick)
    if (id) await ignoringRefusals(requests.retry({ id, principal: world.principal }))
  },
  remove: async ({ world, requests: ids }, { requests, pick }) => {
    const id = at(ids, pick)
    if (id) await ignoringRefusals(requests.remove({ id, userId: world.principal.userId }))
  }
} satisfies Record<string, Play>

export const MOVE_NAMES = Object.keys(MOVES) as Move['name'][]

export async function play(memory: Memory, move: Move): Promise<void> {
  await (MOVES[move.name] as Play)(memory, { ...move, ...partsOf(memory, move) })
}

export async function connect(
  memory: Memory,
  agent: { name: string; gateway: number; attempts: { id: string; token: string }[] }
): Promise<Connection> {
  const connection = await memory.world.connect(agent.gateway, agent)
  const known = memory.connections.get(agent.name)
  if (known) memory.pastConnections.push(known.connection)
  memory.connections.set(agent.name, { connection, gateway: agent.gateway })
  return connection
}

async function claim(
  memory: Memory,
  {
    requests,
    task,
    agent,
    isStandby = false
  }: {
    requests: LeaseWorld['gateways'][number]['requests']
    task: TaskRow | undefined
    agent: string
    isStandby?: boolean
  }
): Promise<void> {
  const connection = memory.connections.get(agent)?.connection
  if (!task || !connection || task.model !== MODEL) return
  const { serviceId, providerId, epoch } = connection
  const given = await claimOne(requests, { task, serviceId, providerId, epoch, isStandby })
  if (given) memory.leases.push({ attemptId: given.attemptId, token: given.token, agent })
}

/** A result counts under the current lease alone, and otherwise changes nothing at all. */
async function finish(
  memory: Memory,
  { database, requests, attempt }: Omit<LeaseWorld['gateways'][number], 'providers'> & { attempt: AttemptRow }
): Promise<void> {
  const before = await readRows(database)
  const task = await findTask(database.db, attempt.task_id)
  const isCurrent = task?.current_attempt_id === attempt.id && ['queued', 'running'].includes(task.state)
  const counted = await requests.finish(attempt, deliveredImage())
  if (counted !== isCurrent)
    memory.offences.push(`a result of ${attempt.id} counted: ${counted}, current: ${isCurrent}`)
  if (!counted) expectUnchanged(memory, 'a late result', { before, after: await readRows(database) })
}

function expectUnchanged(memory: Memory, what: string, { before, after }: { before: Rows; after: Rows }): void {
  if (JSON.stringify(before) !== JSON.stringify(after)) memory.offences.push(`${what} changed something`)
}

async function ignoringRefusals(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
  })
}
