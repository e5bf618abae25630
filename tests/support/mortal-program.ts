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
  /** SIGKILL, and every later start fails. */
  end(): Promise<void>
  /** What its last life has written. */
  output(): string
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
  const alive = (): RunningProgram => {
    if (!life) throw new Error(`${name} has never been started`)
    return life
  }
  return {
    name,
    start: async ({ waits } = { waits: true }) => {
      if (ended) throw new Error(`${name} is not started any more`)
      life = startProgram(args, { env })
      if (waits) await life.printed(isReady)
    },
    kill: async () => void (await alive().stop('SIGKILL')),
    signal: (signal) => void alive().process.kill(signal),
    stop: () => alive().stop('SIGTERM'),
    end: async () => {
      ended = true
      await life?.stop('SIGKILL')
    },
    output: () => life?.output() ?? ''
  }
}
