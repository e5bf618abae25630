import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../tests/support/run-program.ts'
import { parseBenchOptions, usageOf } from './bench-options.ts'
import type { Measurement } from './measurements.ts'
import { closed } from './parts/closed.ts'
import { dispatch } from './parts/dispatch.ts'
import { edits } from './parts/edits.ts'
import { gallery } from './parts/gallery.ts'
import { idle } from './parts/idle.ts'
import { open } from './parts/open.ts'
import { warmUp } from './parts/compare-targets.ts'
import type { BenchContext, Part } from './parts/part.ts'
import { start } from './parts/start.ts'
import { streams } from './parts/streams.ts'
import { thumbnails } from './parts/thumbnails.ts'
import { uploads } from './parts/uploads.ts'
import { TELLS_USAGE } from './process-usage.ts'
import { describeMachine, presentMachine } from './report/describe-machine.ts'
import { gatherRows } from './report/gather-rows.ts'
import { writeNumber, writeTables } from './report/write-tables.ts'
import { openTargets } from './targets/open-targets.ts'
import { startUpstream } from './upstream.ts'

const PARTS: readonly Part[] = [closed, open, edits, uploads, streams, thumbnails, gallery, dispatch, start, idle]
const RESULTS = 'bench/results'

const options = readOptions()
const machine = describeMachine()
const measurements: Measurement[] = []
const notes = TELLS_USAGE ? [] : ['CPU and memory were not measured: this system has no /proc.']
console.log(presentMachine(machine))

await using stack = new AsyncDisposableStack()
const upstream = await startUpstream()
stack.defer(() => upstream.close())
let opened: Promise<Awaited<ReturnType<typeof openTargets>>> | undefined
const began = performance.now()
// The measurement at hand is the last one then, and everything that was started is ended; a second signal ends it at once.
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isInterrupted = true))

for (const part of PARTS) {
  if (options.only.length > 0 && !options.only.includes(part.name)) continue
  const context: BenchContext = {
    options,
    upstream,
    targets: async () => {
      opened ??= openTargets(upstream).then(async (all) => {
        stack.defer(() => all.close())
        notes.push(...all.notes)
        for (const target of all.targets) await warmUp(target)
        return all
      })
      return (await opened).targets
    },
    record: (measurement) => {
      measurements.push({ part: part.name, ...measurement })
      tell(measurement)
      if (isInterrupted) throw new Error('The bench was interrupted.')
    }
  }
  await part.run(context)
}

const rows = gatherRows(measurements)
const minutes = (performance.now() - began) / 60_000
const told = { seconds: options.seconds, runs: options.runs, minutes: Number(minutes.toFixed(1)) }
const name = `${RESULTS}/${machine.date.slice(0, 16).replaceAll(':', '')}-${machine.commit}`
const head = `${presentMachine(machine)}; ${told.runs} runs of ${told.seconds} s each, ${told.minutes} minutes in all.`
const document = [
  '# What was measured',
  head,
  'Medians of the runs, in brackets the range.',
  ...notes,
  writeTables(rows)
]
await mkdir(join(ROOT, RESULTS), { recursive: true })
await writeFile(
  join(ROOT, `${name}.json`),
  `${JSON.stringify({ machine, ...told, notes, rows, measurements }, null, 2)}\n`
)
await writeFile(join(ROOT, `${name}.md`), `${document.join('\n\n')}\n`)
console.log(`\n${document.join('\n\n')}\n\n${name}.md and .json have it.`)

function readOptions() {
  try {
    const options = parseBenchOptions(
      process.argv.slice(2),
      PARTS.map(({ name }) => name)
    )
    if (options) return options
    console.log(usageOf(PARTS))
    process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usageOf(PARTS)}`)
    process.exit(2)
  }
}

/** A line that says that it goes on, and how. */
function tell({ what, target, figures, note }: Omit<Measurement, 'part'>): void {
  const numbers = Object.entries(figures).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${writeNumber(value)}`]
  )
  console.log([`${what}: ${target}`, ...numbers, ...(note === undefined ? [] : [note])].join(' · '))
}
