import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createQueue, sleep } from '../../src/lib/async.ts'
import { auditRemains } from '../support/audit-remains.ts'
import { drawGenerated } from '../support/fake-openai-pictures.ts'
import { fetchImage, type ImagesAnswer, type JobAnswer } from '../support/image-calls.ts'
import { waitFor } from '../support/wait-for.ts'
import { findBrokenAssets, readRemains, type Remains, sweep } from '../support/read-remains.ts'
import {
  type AcceptedJob,
  type AnsweredCall,
  callAndWait,
  type CallTally,
  submitJob
} from '../support/patient-callers.ts'
import { readCrashPlan } from './crash-plan.ts'
import { type ProcessSite, startProcessSite } from '../support/process-site.ts'
import { type EngineCall, imageKey, listEngineCalls } from '../support/engine-calls.ts'
import { type Blow, wreakHavoc } from '../support/havoc.ts'
import { createRandom } from '../support/seeded-random.ts'
import { playTakeover } from './takeover.ts'

const plan = readCrashPlan()
const random = createRandom(plan.seed)
const startedAt = performance.now()

let site: ProcessSite
let jobs: AcceptedJob[] = []
let calls: AnsweredCall[] = []
let blows: Blow[] = []
const tally: CallTally = { cutOff: 0, putOff: 0, nobodyOnline: 0 }
/** Of each answer, as it is told at the end. */
const results = new Map<string, { wanted: { prompt: string; n: number }; result: ImagesAnswer }>()
let remains: Remains
let engineCalls: EngineCall[]
let orphans = 0

const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1)

beforeAll(async () => {
  console.log(`crash suite with CRASH_SEED=${plan.seed}`)
  site = await startProcessSite(plan)
})
afterAll(() => site.remove())

describe('under SIGKILL', () => {
  it('answers every caller and ends every job', async () => {
    const rounds = Array.from({ length: plan.gatewayKills + 1 }, () => Promise.withResolvers<undefined>())
    let round = 0
    let promised = Promise.withResolvers<undefined>()
    const parts = (name: string) => ({
      ...site,
      tally,
      random: random.fork(name),
      onAccepted: () => {
        promised.resolve(undefined)
        promised = Promise.withResolvers()
      }
    })
    /** Work comes in with every round, so that there is something to lose at every kill. */
    const inItsRound = async <T>(index: number, of: number, work: () => Promise<T>): Promise<T> => {
      await rounds[Math.floor((index / of) * plan.gatewayKills)]?.promise
      await sleep(random.between(0, 1500))
      return work()
    }
    const submitting = Array.from({ length: plan.jobs }, (_, index) =>
      inItsRound(index, plan.jobs, () =>
        submitJob(parts(`job ${index}`), { prompt: `job ${index}`, n: index % 10 === 0 ? 2 : 1 })
      )
    )
    const calling = Array.from({ length: plan.callers }, (_, index) =>
      inItsRound(index, plan.callers, () => callAndWait(parts(`call ${index}`), { prompt: `call ${index}`, n: 1 }))
    )
    const takeovers: AcceptedJob[] = []
    const havoc = wreakHavoc({
      site,
      plan,
      random,
      onRound: () => rounds[round++]?.resolve(undefined),
      nextPromise: () => promised.promise,
      playScene: async () => {
        const name = `takeover ${takeovers.length}`
        takeovers.push(await playTakeover(parts(name), name))
      }
    })
    ;[blows, jobs, calls] = await Promise.all([havoc, Promise.all(submitting), Promise.all(calling)])
    jobs.push(...takeovers)
    console.log(`${seconds()} s: the last of ${blows.length} blows has fallen, and every caller is answered`)
    await waitFor(async () => (await listActive()).length === 0, plan.settleWithinMs)
    console.log(`${seconds()} s: everything has ended`)
  })

  it('finishes every request, and has its images', async () => {
    const fewAtOnce = createQueue(8)
    const read = async ({ id, prompt, n }: AcceptedJob) => {
      const job = (await (await get(`/v1/jobs/${id}`)).json()) as JobAnswer
      expect(job, prompt).toMatchObject({ status: 'PROCESSED', prompt })
      results.set(id, { wanted: { prompt, n }, result: job.result! })
    }
    await Promise.all(jobs.map((job) => fewAtOnce(() => read(job))))
    for (const { prompt, n, answer } of calls) results.set(answer.request_id, { wanted: { prompt, n }, result: answer })
    expect(results.size).toBe(jobs.length + calls.length)

    const check = async ({
      wanted: { prompt, n },
      result
    }: {
      wanted: { prompt: string; n: number }
      result: ImagesAnswer
    }) => {
      expect(result.data, prompt).toHaveLength(n)
      for (const { url, seed } of result.data) {
        const image = await fetchImage(url)
        const made = await drawGenerated({ prompt, seed, size: { width: 64, height: 64 }, format: 'png' })
        expect(image.bytes.equals(made), `the image of '${prompt}'`).toBe(true)
      }
    }
    await Promise.all([...results.values()].map((one) => fewAtOnce(() => check(one))))
  })

  it('stops when it is asked to', async () => {
    for (const agent of site.agents) expect(await agent.stop()).toMatchObject({ code: 0 })
    expect(await site.gateway.stop()).toMatchObject({ code: 0 })
    remains = readRemains(site.dataDir)
    engineCalls = await listEngineCalls(site.engineUrl)
  })

  it('has written down each request and each image exactly once', () => {
    // A call repeated with its key is the same request.
    const promised = [...results].map(([id, { wanted }]) => ({ id, n: wanted.n }))
    expect(auditRemains(remains, promised)).toEqual([])
  })

  it('leaves no row without its bytes, and no bytes without a row once the sweeper has been there', async () => {
    expect(await findBrokenAssets(site.dataDir, remains)).toEqual([])
    const { swept, left } = await sweep(site.dataDir)
    orphans = swept
    expect(left).toEqual([...new Set(remains.assets.map((asset) => `objects/${asset.storage_key}`))].sort())
  })

  it('makes an image again only when it was in flight under a blow', () => {
    const struck = blows.flatMap(({ tasks }) => tasks)
    expect(struck.length, 'images in flight under a blow').toBeGreaterThan(plan.gatewayKills)
    const inFlight = Map.groupBy(struck, (task) => task)
    const callsOf = Map.groupBy(engineCalls, (call) => call.key)
    const duplicates = remains.tasks.map((task) => {
      const made = (callsOf.get(imageKey(task)) ?? []).filter(({ failed }) => !failed).length
      return { task, count: Math.max(0, made - 1), most: inFlight.get(task.id)?.length ?? 0 }
    })
    expect(duplicates.filter(({ count, most }) => count > most)).toEqual([])
    printNumbers(duplicates.reduce((sum, { count }) => sum + count, 0))
  })
})

const get = (path: string) => fetch(site.url + path, { headers: { authorization: `Bearer ${site.key}` } })

async function listActive(): Promise<unknown[]> {
  return ((await (await get('/v1/jobs?active=1')).json()) as { data: unknown[] }).data
}

function printNumbers(duplicates: number): void {
  const count = <T>(items: readonly T[], nameOf: (item: T) => string): string =>
    [...Map.groupBy(items, nameOf)].map(([name, those]) => `${those.length} ${name}`).join(', ')
  const inFlight = (those: Blow[]) => those.reduce((sum, { tasks }) => sum + tasks.length, 0)
  const ofGateway = blows.filter(({ victim }) => victim === 'gateway')
  console.log(
    [
      `crash suite, CRASH_SEED=${plan.seed}, ${seconds()} s`,
      `  blows           ${count(blows, ({ victim, kind }) => `× ${victim} ${kind}`)}`,
      `  in flight       ${inFlight(ofGateway)} images at kills of the gateway, ${inFlight(blows) - inFlight(ofGateway)} at blows to agents`,
      `  requests        ${jobs.length} jobs, ${calls.length} waiting callers; ${tally.cutOff} times cut off, ${tally.putOff} put off, ${tally.nobodyOnline} with nobody online`,
      `  images          ${remains.assets.length}, all stored, read and counted; ${orphans} orphans swept`,
      `  attempts        ${remains.attempts.length}: ${count(remains.attempts, ({ state, reason }) => reason ?? state)}`,
      `  engine calls    ${engineCalls.length}: ${engineCalls.filter(({ failed }) => failed).length} failed on purpose, ${duplicates} duplicates`,
      `  worst image     ${Math.max(...remains.tasks.map((task) => task.losses))} losses, ${Math.max(...remains.tasks.map((task) => task.node_faults))} node faults`
    ].join('\n')
  )
}
