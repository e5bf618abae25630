import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../tests/support/free-port.ts'
import { createImageCaller, type ImageCaller } from '../load/image-caller.ts'
import { median } from '../load/statistics.ts'
import { openClub } from '../targets/open-club.ts'
import { leastBytesOf, type PictureName, startUpstream } from '../upstream.ts'
import { askCount, counting, type Counts } from './count-inside.ts'
import type { Costs } from './judge-costs.ts'

interface Kind {
  picture: PictureName
  format: 'url' | 'b64_json'
  /** Until the program has compiled what it needs. */
  warmUp: number
  /** In each round. */
  images: number
}

/** What an image costs most where it is small, and where it is large and comes in the answer. */
const KINDS: readonly Kind[] = [
  { picture: 'small', format: 'url', warmUp: 100, images: 20 },
  { picture: 'large', format: 'b64_json', warmUp: 20, images: 6 }
]
const CALL_ROUNDS = 8
const CPU_ROUNDS = 8
const CALIBRATIONS_FIRST = 8
const IDLE_ROUNDS = 4
const IDLE_MS = 500

/** What an image costs the gateway and the agent, one image after the other, with the upstream and the caller elsewhere. */
export async function measureCosts(): Promise<Costs> {
  await using stack = new AsyncDisposableStack()
  const upstream = await startUpstream()
  stack.defer(() => upstream.close())
  const ports = { gateway: await freePort(), agent: await freePort() }
  const club = await openClub(upstream, { env: counting(ports.gateway), agentEnv: counting(ports.agent) })
  stack.defer(() => club.remove())
  const costs: Costs = { calls: {}, cpu: {} }
  for (const kind of KINDS) {
    await upstream.control({ picture: kind.picture, delayMs: 0 })
    const leastBytes = leastBytesOf(kind.picture)
    const caller = createImageCaller(club.target(kind.format), { connections: 1, leastBytes })
    stack.defer(() => caller.close())
    await caller.check({})
    await makeImages(caller, kind.warmUp)
    const work: Work = { ports, caller, images: kind.images }
    const nameOf = (process: string) => `${process}, ${kind.picture} image`
    for (const [process, calls] of Object.entries(await measureCalls(work))) costs.calls[nameOf(process)] = calls
    for (const [process, cpu] of Object.entries(await measureCpu(work))) costs.cpu[nameOf(process)] = cpu
  }
  return costs
}

async function makeImages(caller: ImageCaller, images: number): Promise<void> {
  for (let image = 0; image < images; image++) {
    const { failure } = await caller.call({})
    if (failure !== undefined) throw new Error(failure)
  }
}

/** The processes that are measured, each with the port at which it tells what it has counted, or with a number of its own. */
type ByProcess = Record<'gateway' | 'agent', number>

interface Work {
  ports: ByProcess
  caller: ImageCaller
  images: number
}

/**
 * Calls of functions for each image, without those that are made while time goes by: the least of several rounds, for work that
 * comes every ten seconds, such as words that go into the index, falls into some of them.
 */
async function measureCalls({ ports, caller, images }: Work): Promise<ByProcess> {
  const ask = (name: keyof Counts) => askAll(ports, name)
  const rounds = async (times: number, work: () => Promise<unknown>): Promise<{ ms: number; calls: ByProcess }[]> => {
    const counted = []
    for (let round = 0; round < times; round++) {
      const began = performance.now()
      await work()
      counted.push({ calls: await ask('calls'), ms: performance.now() - began })
    }
    return counted
  }
  await ask('count-calls')
  await makeImages(caller, images)
  await ask('calls')
  const idle = await rounds(IDLE_ROUNDS, () => sleep(IDLE_MS))
  const idlePerMs = byProcess((name) => Math.min(...idle.map(({ calls, ms }) => calls[name] / ms)))
  const busy = await rounds(CALL_ROUNDS, () => makeImages(caller, images))
  await ask('count-no-calls')
  return byProcess((name) =>
    Math.round(Math.min(...busy.map(({ calls, ms }) => calls[name] - idlePerMs[name] * ms)) / images)
  )
}

/** CPU of each image as a part of what the calibration takes, right before and after it, in the same process. */
async function measureCpu({ ports, caller, images }: Work): Promise<ByProcess> {
  const ask = (name: keyof Counts) => askAll(ports, name)
  for (let time = 0; time < CALIBRATIONS_FIRST; time++) await ask('calibration')
  const rounds: ByProcess[] = []
  for (let round = 0; round < CPU_ROUNDS; round++) {
    const before = await ask('calibration')
    const cpu = await ask('cpu')
    await makeImages(caller, images)
    const cpuThen = await ask('cpu')
    const after = await ask('calibration')
    rounds.push(byProcess((name) => (cpuThen[name] - cpu[name]) / images / ((before[name] + after[name]) / 2)))
  }
  return byProcess((name) => Number((median(rounds.map((round) => round[name])) ?? NaN).toFixed(3)))
}

const byProcess = (find: (name: keyof ByProcess) => number): ByProcess => ({
  gateway: find('gateway'),
  agent: find('agent')
})

/** One after the other, so that neither is in the other's way. */
async function askAll(ports: ByProcess, name: keyof Counts): Promise<ByProcess> {
  return { gateway: Number(await askCount(ports.gateway, name)), agent: Number(await askCount(ports.agent, name)) }
}
