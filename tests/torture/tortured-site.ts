import { once } from 'node:events'
import { join } from 'node:path'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { inBackground, sleep, toError } from '../../src/lib/async.ts'
import {
  type AcceptedJob,
  callAndWait,
  type CallerParts,
  type CallTally,
  submitJob,
  type Wanted
} from '../support/patient-callers.ts'
import { plainPng } from '../support/pictures.ts'
import { type ProcessSite, type SitePlan, startProcessSite } from '../support/process-site.ts'
import type { Random } from '../support/seeded-random.ts'
import { waitFor } from '../support/wait-for.ts'
import { auditSite, type AuditSiteOptions } from './audit-site.ts'
import { askMemory, type MemoryInUse, tellingMemory } from './inside/tell-memory.ts'
import type { TrialParts, Verdict } from './trial.ts'
import { watchGateway } from './watch-gateway.ts'

const LEASE_MS = 3000
/** From when nothing goes wrong any more until the last caller has had its answer. */
const ANSWERED_WITHIN_MS = 90_000
const LOG_CEILING_MIB = 16
/** What is written while the ceiling is noticed and the rest is moved, on a machine that others use as well. */
const MOST_ABOVE_MIB = 32

export interface TorturedSite extends ProcessSite {
  /** What callers were told is accepted, in that order. */
  accepted: AcceptedJob[]
  tally: CallTally
  /** Resolves the next time a caller was promised something. */
  nextPromise(): Promise<void>
  /** Callers of all kinds come, so many a second, for as long as this goes on; resolves when each has had its answer. */
  loadDuring<T>(chaos: Promise<T>, options: { perSecond: number }): Promise<T>
  /** So many callers come back for another image whenever they have theirs, for as long as this goes on. */
  callDuring<T>(work: Promise<T>, options: { callers: number }): Promise<T>
  /** Of the gateway. */
  memory(): Promise<MemoryInUse>
  /** Waits until everything has ended, stops everything, and says what is wrong; `happened` begins the line. */
  conclude(happened: string, options?: Partial<AuditSiteOptions>): Promise<Verdict>
}

export interface TortureOptions extends Partial<Omit<SitePlan, 'seed'>> {
  /** Loaded into the gateway, beside what tells its memory. */
  inside?: (folder: string) => { env: Record<string, string>; module: string }
}

/** A site of processes that is watched from outside from its start to its end. */
export async function startTorturedSite(
  { seed, random }: TrialParts,
  { inside, ...plan }: TortureOptions = {}
): Promise<TorturedSite> {
  const folder = plan.folder ?? (await mkdtemp(join(tmpdir(), 'inference-club-torture-')))
  const memoryFile = join(folder, 'memory')
  const loaded = [tellingMemory(memoryFile), ...(inside ? [inside(folder)] : [])]
  const site = await startProcessSite({
    seed,
    leaseMs: LEASE_MS,
    imageMs: [100, 300],
    folder,
    ...plan,
    gatewayEnv: {
      NODE_OPTIONS: loaded.map(({ module }) => `--import ${module}`).join(' '),
      ...Object.assign({}, ...loaded.map(({ env }) => env)),
      INFERENCE_CLUB_DATABASE_LOG_BYTES: `${LOG_CEILING_MIB}MiB`,
      ...plan.gatewayEnv
    }
  })
  const watch = watchGateway(site.dataDir)
  const memory = () => askMemory(site.gateway, memoryFile)
  const atFirst = await memory()
  const accepted: AcceptedJob[] = []
  const tally: CallTally = { cutOff: 0, putOff: 0, nobodyOnline: 0 }
  let promised = Promise.withResolvers<undefined>()
  const onAccepted = () => {
    promised.resolve(undefined)
    promised = Promise.withResolvers()
  }
  const partsOf = (name: string): CallerParts => ({ ...site, tally, random: random.fork(name), onAccepted })
  let callers = 0
  let waiting = 0
  const failures: unknown[] = []
  const begin = (calls: () => Promise<void>) => {
    waiting += 1
    inBackground(
      calls().finally(() => (waiting -= 1)),
      (error) => failures.push(error)
    )
  }
  const callOnce = (waits?: true) => call(partsOf, { number: callers++, random, accepted, ...(waits && { waits }) })
  const answered = async () => {
    await waitFor(() => waiting === 0 || failures.length > 0, ANSWERED_WITHIN_MS).catch(() =>
      failures.push(new Error(`${waiting} callers have no answer after ${ANSWERED_WITHIN_MS / 1000} s`))
    )
    if (failures.length > 0) throw toError(failures[0])
  }
  return {
    ...site,
    accepted,
    tally,
    nextPromise: () => promised.promise,
    loadDuring: (chaos, { perSecond }) =>
      during(site, chaos, async (until) => {
        while (!until.aborted) {
          begin(() => callOnce())
          await sleep(random.between(0, 2000 / perSecond))
        }
        await answered()
      }),
    callDuring: (work, options) =>
      during(site, work, async (until) => {
        const goOn = async () => {
          while (!until.aborted) await callOnce(true)
        }
        for (let caller = 0; caller < options.callers; caller++) begin(goOn)
        await once(until, 'abort')
        await answered()
      }),
    memory,
    conclude: async (happened, options = {}) => {
      const { audited, wrong } = await auditSite(site, {
        accepted,
        memory,
        atFirst,
        largestLog: () => watch.largestLog(),
        mostLogBytes: (LOG_CEILING_MIB + MOST_ABOVE_MIB) * 1024 ** 2,
        random,
        ...options
      })
      return { audited: `${happened}; ${audited}`, wrong }
    },
    remove: async () => {
      await watch.close()
      await site.remove()
    }
  }
}

async function during<T>(
  site: ProcessSite,
  work: Promise<T>,
  others: (until: AbortSignal) => Promise<void>
): Promise<T> {
  const done = new AbortController()
  try {
    const [result] = await Promise.all([work.finally(() => done.abort()), others(done.signal)])
    return result
  } catch (error) {
    // What ended by itself explains the rest better than what met it first.
    const [ended] = [site.gateway, ...site.agents].flatMap((program) => program.endsUnasked())
    throw ended === undefined ? error : new Error(ended, { cause: error })
  }
}

/** Every tenth wants two images, every fifth an edit, and every sixth waits on the connection. */
async function call(
  partsOf: (name: string) => CallerParts,
  options: { number: number; random: Random; accepted: AcceptedJob[]; waits?: boolean }
): Promise<void> {
  const { number, random, accepted, waits = number % 6 === 5 } = options
  const prompt = `call ${number}`
  const shade = () => random.below(256)
  const source =
    number % 5 === 4 ? await plainPng({ width: 64, height: 64 }, [shade(), shade(), number % 256]) : undefined
  const wanted: Wanted = {
    prompt,
    n: number % 10 === 0 ? 2 : 1,
    ...(source && { source: `data:image/png;base64,${source.toString('base64')}` })
  }
  if (!waits) return void accepted.push(await submitJob(partsOf(prompt), wanted))
  const { answer } = await callAndWait(partsOf(prompt), wanted)
  accepted.push({ ...wanted, id: answer.request_id })
}
