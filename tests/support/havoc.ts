import { createQueue, sleep } from '../../src/lib/async.ts'
import { MOST_LOSSES } from '../../src/requests/retry-policy.ts'
import { databaseFile, readInFlight, readInFlightAtDeath, readMostLosses } from './in-flight.ts'
import type { MortalProgram } from './mortal-program.ts'
import { nextStored } from './next-stored.ts'
import type { ProcessSite } from './process-site.ts'
import type { Random } from './seeded-random.ts'

/** When nothing worth a kill happens for so long, it comes anyway. */
const LONGEST_WATCH_MS = 2000

export interface HavocPlan {
  gatewayKills: number
  /** Of each of the agents. */
  agentKills: number
  /** How long an agent that has gone silent keeps its work. */
  leaseMs: number
  /** Between a start of the gateway and its next kill. */
  uptimeMs: readonly [number, number]
}

/** One blow, and what was in flight under it: each of these tasks may be made once more than needed. */
export interface Blow {
  victim: string
  kind: 'killed' | 'frozen'
  tasks: string[]
}

export interface HavocParts {
  site: ProcessSite
  plan: HavocPlan
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
  const { site, plan, onRound } = parts
  onRound()
  for (let round = 0; round < plan.gatewayKills; round++) {
    await untilItsTime(parts, order, round)
    await order.turn(async () => {
      await untilNoneIsDoomed(site)
      await site.gateway.kill()
      order.blows.push({ victim: 'gateway', kind: 'killed', tasks: await readInFlightAtDeath(site.dataDir) })
    })
    onRound()
    await site.gateway.start()
  }
}

/** At random, when a caller was just promised something, when an image was just stored, or when a scene is over. */
async function untilItsTime(parts: HavocParts, order: Order, round: number): Promise<void> {
  const { site, plan, random, nextPromise, playScene } = parts
  if (round % 5 === 3) {
    await Promise.all([playScene(), outlastLease(parts, order, Math.floor(round / 5))])
    return
  }
  await sleep(random.between(...plan.uptimeMs))
  if (round % 3 === 1) await Promise.race([nextPromise(), sleep(LONGEST_WATCH_MS)])
  if (round % 3 === 2) await nextStored(site.dataDir, LONGEST_WATCH_MS)
}

/**
 * The fifth loss ends an image, which is right, but nothing that the audit can tell from a mistake. One loss may not be
 * counted yet, and the next blow is another.
 */
async function untilNoneIsDoomed(site: ProcessSite): Promise<void> {
  while (readMostLosses(site.dataDir) > MOST_LOSSES - 3) await sleep(50)
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

const strike = (site: ProcessSite, { blows, turn }: Order, agent: MortalProgram): Promise<void> =>
  turn(async () => {
    await untilNoneIsDoomed(site)
    await agent.kill()
    const tasks = readInFlight(databaseFile(site.dataDir), { agent: agent.name })
    blows.push({ victim: agent.name, kind: 'killed', tasks })
  })
