import { inBackground } from '../../src/lib/async.ts'
import { type Ended, type RunningProgram, startProgram } from './run-program.ts'

/** A program of this project in a process of its own that is killed and started again. */
export interface MortalProgram {
  name: string
  /** Resolves once it says that it is ready, `waits` false: once there is a process. */
  start(options?: { waits: boolean }): Promise<void>
  /** SIGKILL: it finishes nothing and tells nobody. Resolves when there is no process any more. */
  kill(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, and what it ended with. */
  stop(): Promise<Ended>
  /** It shall end by itself, and what it ended with. */
  meantToEnd(): Promise<Ended>
  /** SIGKILL, and every later start fails. */
  end(): Promise<void>
  /** What its last life has written. */
  output(): string
  /** What it said in each life that ended without anybody having ended it. */
  endsUnasked(): string[]
  /** Of its present or last life. */
  pid(): number
}

export function createMortalProgram(program: {
  name: string
  args: readonly string[]
  env?: Record<string, string>
  isReady: RegExp
}): MortalProgram {
  const { name, args, env = {}, isReady } = program
  let life: RunningProgram | undefined
  let ended = false
  const unasked: string[] = []
  const asked = new Set<RunningProgram>()
  const stop = (life: RunningProgram, signal: NodeJS.Signals): Promise<Ended> => {
    asked.add(life)
    return life.stop(signal)
  }
  const alive = (): RunningProgram => {
    if (!life) throw new Error(`${name} has never been started`)
    return life
  }
  return {
    name,
    start: async ({ waits } = { waits: true }) => {
      if (ended) throw new Error(`${name} is not started any more`)
      const begun = (life = startProgram(args, { env }))
      inBackground(
        begun.ended.then(({ code }) => {
          if (!asked.has(begun)) unasked.push(`${name} ended with ${code}: ${begun.output().slice(-2000)}`)
        }),
        (error) => unasked.push(`${name} did not start: ${String(error)}`)
      )
      if (waits) await life.printed(isReady)
    },
    kill: async () => void (await stop(alive(), 'SIGKILL')),
    signal: (signal) => void alive().process.kill(signal),
    stop: () => stop(alive(), 'SIGTERM'),
    meantToEnd: () => {
      asked.add(alive())
      return alive().ended
    },
    end: async () => {
      ended = true
      if (life) await stop(life, 'SIGKILL')
    },
    output: () => life?.output() ?? '',
    endsUnasked: () => unasked,
    pid: () => alive().process.pid ?? 0
  }
}
