import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** How long each measurement takes, after its warm-up. */
  seconds: number
  /** How often everything is measured; what is told are medians. */
  runs: number
  /** Names of parts; all of them when none is given. */
  only: readonly string[]
  /** Requests of the gallery and tasks that wait before dispatch, at most; for a bench that is tried out. */
  scale: number
}

const DEFAULTS = { seconds: 2, runs: 5, scale: 1 }

/** Undefined when help is asked for. Throws an error that says what is wrong with what was given. */
export function parseBenchOptions(args: readonly string[], parts: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string', multiple: true },
      scale: { type: 'string' },
      help: { type: 'boolean' }
    }
  })
  if (values.help) return undefined
  const number = (name: 'seconds' | 'runs' | 'scale') => Number(values[name] ?? DEFAULTS[name])
  const options = { seconds: number('seconds'), runs: number('runs'), scale: number('scale') }
  const only = (values.only ?? []).flatMap((names) => names.split(','))
  const unknown = only.find((name) => !parts.includes(name))
  if (unknown !== undefined) throw new Error(`There is no part '${unknown}'; there are ${parts.join(', ')}.`)
  if (!(options.seconds > 0)) throw new Error('--seconds takes a number above 0.')
  if (!(Number.isInteger(options.runs) && options.runs > 0)) throw new Error('--runs takes a whole number above 0.')
  if (!(options.scale > 0 && options.scale <= 1)) throw new Error('--scale takes a number above 0 and at most 1.')
  return { ...options, only }
}

export const usageOf = (parts: readonly { name: string; about: string }[]): string => `npm run bench -- [options]

  --seconds <number>  of each measurement, after its warm-up (${DEFAULTS.seconds})
  --runs <number>     of everything, of which medians are told (${DEFAULTS.runs})
  --only <part>       this part alone; several with commas, or given several times
  --scale <number>    a fraction of the rows that large databases get, to try it out (${DEFAULTS.scale})
  --help

Parts:
${parts.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}

BENCH_STORAGE=s3://bucket/prefix, with BENCH_S3_ENDPOINT, BENCH_S3_REGION and what AWS tools read, adds this gateway with its
images there. There is no other database than SQLite to compare with.
`
