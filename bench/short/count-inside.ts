/**
 * Loaded into a program before all else (`--import`, with `BENCH_COUNT_PORT` naming a port), it tells there what the program
 * has done: how often a JavaScript function was called on its main thread, as V8 counts for coverage, and what CPU it took,
 * beside what the calibration takes in the same process. The calls of a function are no instructions, but they are the same
 * on every machine and under every load, which CPU time is not.
 */
import { createServer } from 'node:http'
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { createCalibration } from './calibration.ts'

const PORT = process.env.BENCH_COUNT_PORT

/** What can be asked. While calls are counted everything is slower, so CPU is not asked for meanwhile. */
export interface Counts {
  /** Begins to count calls. */
  'count-calls': null
  /** Of functions, since it was asked last. */
  calls: number
  /** Counts calls no longer. */
  'count-no-calls': null
  /** User and system time so far, in milliseconds. */
  cpu: number
  /** What the calibration took now, in milliseconds of CPU. */
  calibration: number
}

if (PORT !== undefined && isMainThread) {
  const session = new Session()
  session.connect()
  const calibrate = await createCalibration()
  const cpuMs = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const tell: { [Name in keyof Counts]: () => Promise<Counts[Name]> } = {
    'count-calls': async () => {
      await session.post('Profiler.enable')
      await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
      return null
    },
    calls: async () => {
      const { result } = await session.post('Profiler.takePreciseCoverage')
      return result.flatMap((script) => script.functions).reduce((sum, one) => sum + (one.ranges[0]?.count ?? 0), 0)
    },
    'count-no-calls': async () => {
      await session.post('Profiler.stopPreciseCoverage')
      await session.post('Profiler.disable')
      return null
    },
    cpu: async () => cpuMs(),
    calibration: async () => {
      const before = cpuMs()
      await calibrate()
      return cpuMs() - before
    }
  }
  const isKnown = (name: string): name is keyof Counts => Object.hasOwn(tell, name)
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? ''
    if (!isKnown(name)) return void response.writeHead(404).end()
    tell[name]().then(
      (count) => response.end(JSON.stringify(count)),
      (error: unknown) => response.writeHead(500).end(String(error))
    )
  })
  server.listen(Number(PORT), '127.0.0.1')
  server.unref()
}

/** What a program's environment needs for it. */
export const counting = (port: number): Record<string, string> => ({
  NODE_OPTIONS: `--import ${fileURLToPath(import.meta.url)}`,
  BENCH_COUNT_PORT: String(port)
})

export async function askCount<Name extends keyof Counts>(port: number, name: Name): Promise<Counts[Name]> {
  const response = await fetch(`http://127.0.0.1:${port}/${name}`)
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Counts[Name]
}
