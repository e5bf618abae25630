import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import { CommandFailed } from './command-failed.ts'

/** Where somebody reads questions and types answers. */
export interface Terminal {
  input: Readable
  output: Writable
}

/** The terminal of this process; undefined where nobody is there to be asked. Results go to stdout, which may be a pipe. */
export const findTerminal = (): Terminal | undefined =>
  process.stdin.isTTY && process.stderr.isTTY ? { input: process.stdin, output: process.stderr } : undefined

export interface Question {
  text: string
  /** What is wrong with an answer, to follow “It”; undefined: nothing. */
  check: (answer: string) => string | undefined
  /** The answer is not shown while it is typed. */
  hidden?: boolean
}

/** Asks until the answer, without blanks around it, is right. Throws `CommandFailed` when the asking is ended by Ctrl-C or Ctrl-D. */
export async function ask({ input, output }: Terminal, { text, check, hidden = false }: Question): Promise<string> {
  const shown = new Writable({
    write: (chunk: Buffer, _encoding, done) => (hidden ? done() : (output.write(chunk), done()))
  })
  const lines = createInterface({ input, output: shown, terminal: true })
  const ended = new AbortController()
  lines.once('SIGINT', () => ended.abort())
  lines.once('close', () => ended.abort())
  try {
    for (;;) {
      if (hidden) output.write(text)
      const answer = (await lines.question(hidden ? '' : text, { signal: ended.signal })).trim()
      if (hidden) output.write('\n')
      const problem = check(answer)
      if (problem === undefined) return answer
      output.write(`It ${problem}.\n`)
    }
  } catch (error) {
    if (ended.signal.aborted) throw new CommandFailed('Nothing was written.')
    throw error
  } finally {
    lines.close()
  }
}
