import type { Arbitrary } from 'fast-check'
import type { FuzzCaller } from './gateway-process.ts'
import { type FuzzedGateway, startFuzzedGateway } from './fuzzed-gateway.ts'
import { furnish } from './furnish.ts'
import { makeFiles } from './hostile-forms.ts'
import type { Caller, Pair } from './http-case.ts'
import type { KnownIds } from './known-ids.ts'

/** What fuzzing has done so far. */
export interface Tally {
  calls: number
  messages: number
  results: number
  /** How many answers, to calls and to results, had a status of which hundred. */
  answers: Record<string, number>
  slowestMs: number
}

/** A kind of what is fuzzed. */
export interface Fuzzing<Case> {
  cases: Arbitrary<Case>
  /** Sends one to the target; throws what is wrong with what comes of it. */
  run(one: Case): Promise<void>
}

/** Counts an answer among those of its hundred. */
export function countAnswer({ answers }: Tally, { status }: { status: number }): void {
  const hundred = `${Math.floor(status / 100)}xx`
  answers[hundred] = (answers[hundred] ?? 0) + 1
}

/** What a case is sent into: a gateway, those who call it, and what they have there. */
export interface World {
  gateway: FuzzedGateway
  callers: Record<'member' | 'admin', FuzzCaller>
  /** Who runs agents that misbehave, and asks them for images. */
  owner: FuzzCaller
  ids: KnownIds
  /** What is uploaded, by name. */
  files: Record<string, Buffer>
  /** The headers by which a caller is known. */
  credentials(caller: Caller, path: string): readonly Pair[]
}

/** The gateway that is fuzzed and what is in it. */
export interface Target {
  tally: Tally
  /** For the next case: another gateway when the last one has ended. */
  current(): Promise<World>
  /** What the gateway, or one before it that has ended, has logged as a fault since this was called the last time. */
  takeFaults(): string[]
  /** Has new callers with new things, as when a call has taken away what the last ones may. */
  renew(): void
  close(): Promise<void>
}

/** By then most of what there was has been deleted, canceled or revoked. */
const RENEW_AFTER = 200

export async function createTarget(): Promise<Target> {
  const files = await makeFiles()
  let gateway = await startGateway()
  let world: World | undefined
  let uses = 0
  const faults: string[] = []
  return {
    tally: { calls: 0, messages: 0, results: 0, answers: {}, slowestMs: 0 },
    current: async () => {
      if (gateway.hasEnded()) {
        faults.push(...gateway.takeFaults())
        gateway = await startGateway()
        world = undefined
      }
      if (uses++ % RENEW_AFTER === 0) world = undefined
      return (world ??= await makeWorld(gateway, files))
    },
    takeFaults: () => [...faults.splice(0), ...gateway.takeFaults()],
    renew: () => (world = undefined),
    close: () => gateway.close()
  }
}

async function startGateway(): Promise<FuzzedGateway> {
  const gateway = await startFuzzedGateway()
  await gateway.ask('addPainter')
  return gateway
}

async function makeWorld(gateway: FuzzedGateway, files: World['files']): Promise<World> {
  const callers = { member: await gateway.ask('addCaller', 'member'), admin: await gateway.ask('addCaller', 'admin') }
  return {
    gateway,
    callers,
    owner: await gateway.ask('addCaller', 'member'),
    ids: await furnish(gateway, callers),
    files,
    credentials: (caller, path) => {
      if (caller === 'nobody') return []
      if (caller === 'stranger') return [['authorization', 'Bearer ic_neverHeardOf1234567890']]
      const { key, cookie } = callers[caller]
      const session: Pair[] = [
        ['cookie', cookie],
        ['origin', gateway.url]
      ]
      return path.startsWith('/api/') ? session : [['authorization', `Bearer ${key}`]]
    }
  }
}
