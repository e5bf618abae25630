import { parseArgs } from 'node:util'
import { fuzzGateway, type Kind, KINDS } from './fuzz-gateway.ts'

const USAGE = `npm run fuzz -- [--seconds <number>] [--rounds <number>] [--seed <integer>] [--kind ${KINDS.join('|')}] [--path <of a problem>]`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    seed: { type: 'string' },
    kind: { type: 'string' },
    path: { type: 'string' }
  }
})
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const rounds = Number(values.rounds ?? 1_000_000)
const seconds = values.rounds === undefined ? Number(values.seconds ?? 60) : undefined
const kinds = KINDS.filter((kind) => values.kind === undefined || values.kind === kind)
if (!Number.isInteger(seed) || !(rounds > 0) || !(seconds === undefined || seconds > 0) || kinds.length === 0) {
  console.error(USAGE)
  process.exit(2)
}

console.log(`seed ${seed}, ${seconds === undefined ? `${rounds} cases of each kind` : `${seconds} s`}`)
const report = await fuzzGateway({
  seed,
  rounds: Object.fromEntries(kinds.map((kind) => [kind, rounds])) as Partial<Record<Kind, number>>,
  ...(seconds !== undefined && { seconds }),
  ...(values.path !== undefined && { path: values.path })
})
const { problems, tally, heldBytes } = report
for (const problem of problems) console.log(`\n${problem}`)
const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
const answers = Object.entries(tally.answers).map(([hundred, count]) => `${count} × ${hundred}`)
console.log(`
calls     ${tally.calls}, the slowest answered after ${Math.round(tally.slowestMs)} ms
messages  ${tally.messages}
results   ${tally.results}
answers   ${answers.sort().join(', ')}
seconds   ${Math.round(report.seconds)}
in use    ${heldBytes.map(mib).join(' before, ')} after
problems  ${problems.length}`)
process.exitCode = problems.length === 0 ? 0 : 1
