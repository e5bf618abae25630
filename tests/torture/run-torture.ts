import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inspect, parseArgs, promisify } from 'node:util'
import { createRandom } from '../support/seeded-random.ts'
import { CannotRunHere, type Trial, type Verdict } from './trial.ts'
import { TRIALS } from './trials/index.ts'

const USAGE = `npm run torture -- [--seconds <number>] [--seed <integer>] [--only ${TRIALS.map(({ name }) => name).join('|')}]`
const OWN_MOUNTS = ['unshare', '--mount', '--map-root-user']
/** Said to itself: this process may mount what it likes. */
const MAY_MOUNT = 'TORTURE_MAY_MOUNT'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string', multiple: true } }
})
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const seconds = Number(values.seconds ?? 600)
const chosen = TRIALS.filter(({ name }) => values.only?.includes(name) ?? true)
if (!Number.isInteger(seed) || !(seconds > 0) || chosen.length === 0) {
  console.error(USAGE)
  process.exit(2)
}

const weights = TRIALS.reduce((sum, { weight }) => sum + weight, 0)
const secondsOf = ({ weight }: Trial): number =>
  (seconds * weight) / (values.only ? chosen.reduce((sum, trial) => sum + trial.weight, 0) : weights)

/** One line: its name, the seed, how long it took, what was looked at, and what is wrong. */
function tell(trial: Trial, { took, audited, wrong, isSkipped }: Verdict & { took: number }): void {
  const line = [trial.name.padEnd(16), `seed ${seed}`, `${took} s`.padStart(5), audited]
  const well = isSkipped ? 'skipped' : 'ok'
  console.log(
    [...line, wrong.length === 0 ? well : `WRONG: ${wrong.slice(0, 10).join(' | ').replace(/\s+/g, ' ')}`].join('  ')
  )
}

async function perform(trial: Trial): Promise<Verdict> {
  try {
    return await trial.run({ seed, random: createRandom(seed).fork(trial.name), seconds: secondsOf(trial) })
  } catch (error) {
    if (error instanceof CannotRunHere)
      return { audited: `cannot run here: ${error.message}`, wrong: [], isSkipped: true }
    return {
      audited: 'it did not come to its end',
      wrong: [inspect(error)]
    }
  }
}

/** In a process whose mounts are its own, which tells the line itself; whether all is well. */
async function performElsewhere(trial: Trial): Promise<boolean> {
  const [command = '', ...options] = OWN_MOUNTS
  const refused = await promisify(execFile)(command, [...options, 'true']).then(
    () => undefined,
    (error: unknown) => String(error).trim().split('\n').at(-1)
  )
  if (refused !== undefined) {
    tell(trial, { took: 0, audited: `cannot run here: ${refused}`, wrong: [], isSkipped: true })
    return true
  }
  const again = [process.execPath, fileURLToPath(import.meta.url), '--only', trial.name]
  const choices = ['--seed', String(seed), '--seconds', String(secondsOf(trial))]
  const child = spawn(command, [...options, ...again, ...choices], {
    stdio: 'inherit',
    env: { ...process.env, [MAY_MOUNT]: '1' }
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}

const wasStarted = process.env[MAY_MOUNT] === '1'
if (!wasStarted) console.log(`seed ${seed}, ${seconds} s`)
let allWell = true
for (const trial of chosen) {
  if (trial.mounts && !wasStarted) {
    allWell = (await performElsewhere(trial)) && allWell
    continue
  }
  const began = performance.now()
  const verdict = await perform(trial)
  tell(trial, { took: Math.round((performance.now() - began) / 1000), ...verdict })
  allWell &&= verdict.wrong.length === 0
}
// A trial that did not come to its end may have left something behind that would go on.
process.exit(allWell ? 0 : 1)
