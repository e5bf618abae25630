import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { waitFor } from './wait-for.ts'

/** The checkout, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
export const PROGRAM = `${ROOT}/bin/inference-club`

export interface ProgramOptions {
  /** Added to the environment of the tests, from which the product's own variables are taken away. */
  env?: Record<string, string>
  cwd?: string
  /** Another path of the program, such as a link to it. */
  program?: string
  /** What is typed or pasted to it, and no more. */
  input?: string
  /** It is a group of processes, all of which get its signals, as all that a terminal runs do. */
  isGroup?: boolean
}

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export const withoutOwnVariables = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('INFERENCE_CLUB_')))

/** Starts it and collects what it writes. */
function launch(args: readonly string[], { env, cwd, program = PROGRAM, isGroup = false, input }: ProgramOptions) {
  const child = spawn(program, args, {
    env: { ...withoutOwnVariables(), ...env },
    stdio: 'pipe',
    detached: isGroup,
    ...(cwd !== undefined && { cwd })
  })
  // One that ends before it has read all of it is no failure of what started it.
  child.stdin.on('error', () => undefined).end(input ?? '')
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (written.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (written.stderr += chunk))
  const ended = once(child, 'close').then(([code]: (number | null)[]): Ended => ({ code: code ?? null, ...written }))
  return { child, written, ended }
}

/** Runs `bin/inference-club` to its end in a process of its own; its output is a pipe. */
export const runProgram = (args: readonly string[], options: ProgramOptions = {}): Promise<Ended> =>
  launch(args, options).ended

/** Runs a line as somebody would paste it into a shell. */
export const runInShell = (line: string, options: Omit<ProgramOptions, 'program'> = {}): Promise<Ended> =>
  launch(['-c', line], { ...options, program: 'sh' }).ended

export interface RunningProgram {
  /** What it has written so far: all of standard output, then all of standard error. */
  output(): string
  /** The match as soon as its output has one; fails when it ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  process: ChildProcess
  ended: Promise<Ended>
  /** Sends the signal, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** Starts `bin/inference-club` as something that goes on: `serve` or `agent`. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const { child, written, ended } = launch(args, options)
  const output = () => written.stdout + written.stderr
  return {
    output,
    printed: (pattern) =>
      waitFor(() => {
        const match = pattern.exec(output())
        const end = child.exitCode ?? child.signalCode
        if (!match && end !== null) throw new Error(`it ended with ${end}: ${output()}`)
        return match
      }, 20_000),
    process: child,
    ended,
    stop: (signal = 'SIGTERM') => {
      if (options.isGroup && child.pid !== undefined) process.kill(-child.pid, signal)
      else child.kill(signal)
      return ended
    }
  }
}

export interface RunningServer extends RunningProgram {
  url: string
  /** What its greeting says to paste: lines that ask for the key, and call curl. */
  curlLine: string
}

/** `serve --demo` on a free port, with a demo painter that does not dawdle, once it has greeted. */
export async function startServer(options: ProgramOptions & { args?: readonly string[] } = {}): Promise<RunningServer> {
  const env = { INFERENCE_CLUB_PORT: '0', INFERENCE_CLUB_DEMO_STEP_TIME: '0ms', ...options.env }
  const server = startProgram(['serve', ...(options.args ?? ['--demo'])], { ...options, env })
  const [, url = ''] = await server.printed(/running at (\S+)/)
  const [, curlLine = ''] = await server.printed(/^ +(printf .* &&\n +curl .*)\n/m)
  return { ...server, url, curlLine }
}
