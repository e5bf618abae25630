import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config/config.ts'
import { VERSION } from '../lib/version.ts'
import { agentCommand } from './agent.ts'
import { CommandFailed } from './command-failed.ts'
import { doctorCommand } from './doctor.ts'
import { editCommand } from './edit.ts'
import { exportCommand } from './export.ts'
import { generateCommand } from './generate.ts'
import { keysCommand } from './keys.ts'
import { outliveReaders } from './outlive-readers.ts'
import { providersCommand } from './providers.ts'
import { serveCommand, variableOfOption } from './serve.ts'
import { storageCommand } from './storage.ts'
import { usersCommand } from './users.ts'

/** Runs one command line. Returns the exit code: 0, 1 for what went wrong, 2 for a wrong call. */
export async function runCli(args: readonly string[]): Promise<number> {
  // What `serve` and `agent` write is no result.
  const goesOn = ['serve', 'agent'].includes(args[0] ?? '') && !['--help', '-h'].some((flag) => args.includes(flag))
  outliveReaders({ isResult: !goesOn })
  const program = new Command('inference-club').description('A self-hosted network that makes images.').version(VERSION)
  const commands = [
    serveCommand(),
    agentCommand(),
    doctorCommand(),
    generateCommand(),
    editCommand(),
    exportCommand(),
    usersCommand(),
    keysCommand(),
    providersCommand(),
    storageCommand()
  ]
  for (const command of commands) program.addCommand(command)
  endGently(program)
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof CommandFailed || error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`)
      return 1
    }
    throw error
  }
}

/** A wrong call throws instead of ending the process, and is told in one line. Sub-commands do not inherit it. */
function endGently(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      const variable = command.name() === 'serve' ? variableOfOption(text) : undefined
      const hint = variable === undefined ? '' : `: set the variable ${variable}`
      write(`${text.trim().replace(/\s*\n/g, ' ')}${hint} (add --help for the options)\n`)
    }
  })
  for (const sub of command.commands) endGently(sub)
}
