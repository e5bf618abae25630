import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { PROGRAM, withoutOwnVariables } from './run-program.ts'
import { waitFor } from './wait-for.ts'

/** Whether this machine has what opens terminals: `script` as Linux has it. */
export const HAS_TERMINALS = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Runs this line of a shell in a terminal of its own, as a window has one; it ends with the test at the latest. */
export function openTerminal(line: string, { folder, env }: { folder: string; env: object }) {
  const terminal = spawn('script', ['-qfc', line, '/dev/null'], {
    cwd: folder,
    env: { ...withoutOwnVariables(), SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  let shown = ''
  terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => (shown += chunk))
  terminal.stdin.on('error', () => undefined)
  const closed = once(terminal, 'close')
  onTestFinished(() => void terminal.kill('SIGKILL'))
  return {
    shown: () => shown,
    type: (text: string) => void terminal.stdin.write(text),
    /** The match as soon as it shows one. */
    shows: (pattern: RegExp): Promise<RegExpExecArray> =>
      waitFor(() => {
        const match = pattern.exec(shown)
        if (!match && terminal.exitCode !== null) throw new Error(`it ended: ${shown}`)
        return match
      }, 20_000),
    /** Closes its window. */
    end: async (): Promise<void> => {
      terminal.kill('SIGKILL')
      await closed
    }
  }
}

/** Starts `bin/inference-club` in a terminal of its own. `folder` is where it runs, and where the code is left with which it ends. */
export function startInTerminal(args: readonly string[], { folder, env }: { folder: string; env: object }) {
  // One shell ends with its window, as that of a person does, and what runs in it is told; the other stays, to leave the code.
  const inner = `trap '' HUP; ${[PROGRAM, ...args].map(quoted).join(' ')}; echo $? >code.new && mv code.new code`
  const terminal = openTerminal(`sh -c ${quoted(inner)}; :`, { folder, env })
  return {
    shows: terminal.shows,
    /** Closes its window, and waits for the program to end; gives its exit code. */
    close: async (): Promise<number> => {
      await terminal.end()
      const left = () => readFile(join(folder, 'code'), 'utf8').catch(() => undefined)
      return Number(await waitFor(left, 20_000))
    }
  }
}
