import { randomInt } from 'node:crypto'
import type { HavocPlan } from '../support/havoc.ts'

/** How much happens. */
export interface CrashPlan extends HavocPlan {
  seed: number
  /** Async jobs, every tenth of them for two images. */
  jobs: number
  /** Synchronous calls that wait, and come back with their key until they have their image. */
  callers: number
  /** Of one image. */
  imageMs: readonly [number, number]
  /** In which everything must be done once the killing has ended. */
  settleWithinMs: number
}

const SHORT = {
  jobs: 200,
  callers: 50,
  gatewayKills: 10,
  agentKills: 3,
  leaseMs: 3000,
  uptimeMs: [100, 2000],
  imageMs: [100, 300],
  settleWithinMs: 60_000
} as const

const LONG = { ...SHORT, jobs: 1200, callers: 300, gatewayKills: 60, agentKills: 20, settleWithinMs: 180_000 }

/** `CRASH_LONG=1` for the long form; `CRASH_SEED` repeats the choices of an earlier run. */
export function readCrashPlan(env: NodeJS.ProcessEnv = process.env): CrashPlan {
  return { ...(env.CRASH_LONG === '1' ? LONG : SHORT), seed: Number(env.CRASH_SEED ?? randomInt(2 ** 31)) }
}
