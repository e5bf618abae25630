import { outliveReaders } from './cli/outlive-readers.ts'
import { runCli } from './cli/run-cli.ts'

const args = process.argv.slice(2)
// What `serve` and `agent` write is no result.
const goesOn = ['serve', 'agent'].includes(args[0] ?? '') && !['--help', '-h'].some((flag) => args.includes(flag))
outliveReaders({ isResult: !goesOn })
process.exitCode = await runCli(args)
