import { createQueue, sleep } from '../../src/lib/async.ts'
import type { CrashPlan } from './crash-plan.ts'
import type { CrashSite } from './crash-site.ts'
import { databaseFile, readInFlight, readInFlightAtDeath } from './in-flight.ts'
import type { MortalProgram } from './mortal-program.ts'
import type { Random } from './seeded-random.ts'

/** One blow, and what was in flight under it: each of these tasks may be made once more than needed. */
export interface Blow {
  victim: string
  kind: 'killed' | 'frozen'
  tasks: string[]
}

export interface HavocParts {
  site: CrashSite
  plan: CrashPlan
  random: Random
  /** Called before the first and after each kill of the gateway. */
  onRound: () => void
  /** Resolves the next time a caller was promised something. */
  nextPromise: () => Promise<void>
  /** What is played, round by round, where the gateway lives long enough for leases to lapse. */
  playScene: () => Promise<unknown>
}

/** Kills and freezes until the plan is fulfilled; in the end everything runs again. */
export async function wreakHavoc(parts: HavocParts): Promise<Blow[]> {
  const blows: Blow[] = []
  // One blow at a time, so that what was in flight under it can be read before the next.
  const turn = createQueue(1)
  const agentsTurn = createQueue(1)
  await Promise.all([killGateway(parts, { blows, turn, agentsTurn }), killAgents(parts, { blows, turn, agentsTurn })])
  return blows
}

type Queue = ReturnType<typeof createQueue>
interface Order {
  blows: Blow[]
  turn: Queue
  /** Whoever keeps an agent away for long has it alone. */
  agentsTurn: Queue
}

async function killGateway(parts: HavocParts, order: Order): Promise<void> {
  const { site, plan, onRound, nextPromise } = parts
  const random = parts.random.fork('gateway')
  onRound()
  for (let round = 0; round < plan.gatewayKills; round++) {
    if (round % 5 === 3) await Promise.all([parts.playScene(), outlastLease(parts, order, Math.floor(round / 5))])
    else if (round % 3 === 1) await Promise.race([nextPromise(), sleep(2000)])
    else await sleep(random.between(...plan.uptimeMs))
    await order.turn(async () => {
      await site.gateway.kill()
      order.blows.push({ victim: 'gateway', kind: 'killed', tasks: await readInFlightAtDeath(site.dataDir) })
    })
    onRound()
    await site.gateway.start()
  }
}

async function killAgents({ site, plan, random }: HavocParts, order: Order): Promise<void> {
  const own = random.fork('agents')
  for (let round = 0; round < plan.agentKills * site.agents.length; round++) {
    const agent = site.agents[round % site.agents.length]!
    await sleep(own.between(500, 3000))
    await order.agentsTurn(async () => {
      await strike(site, order, agent)
      await sleep(own.between(0, 800))
      await agent.start({ waits: false })
    })
  }
}

/** Keeps an agent away for longer than its leases last, the first time frozen, then dead. */
function outlastLease({ site, plan }: HavocParts, order: Order, scene: number): Promise<void> {
  const away = plan.leaseMs + 1500
  return order.agentsTurn(async () => {
    const agent = site.agents[scene % site.agents.length]!
    if (scene % 2 === 1) {
      await strike(site, order, agent)
      await sleep(away)
      return agent.start({ waits: false })
    }
    const since = Date.now()
    agent.signal('SIGSTOP')
    const before = readInFlight(databaseFile(site.dataDir), { agent: agent.name })
    await sleep(away)
    // What the gateway sent while nobody read is begun on waking, before the agent learns that it is too late.
    const missed = readInFlight(databaseFile(site.dataDir), { agent: agent.name, orAssignedSince: since })
    order.blows.push({ victim: agent.name, kind: 'frozen', tasks: [...new Set([...before, ...missed])] })
    agent.signal('SIGCONT')
  })
}

const strike = (site: CrashSite, { blows, turn }: Order, agent: MortalProgram): Promise<void> =>
  turn(async () => {
    await agent.kill()
    const tasks = readInFlight(databaseFile(site.dataDir), { agent: agent.name })
    blows.push({ victim: agent.name, kind: 'killed', tasks })
  })
