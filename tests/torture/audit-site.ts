import { createQueue } from '../../src/lib/async.ts'
import { auditRemains, type AuditOptions } from '../support/audit-remains.ts'
import { imageKey, listEngineCalls } from '../support/engine-calls.ts'
import { fetchImage, type JobAnswer } from '../support/image-calls.ts'
import type { AcceptedJob } from '../support/patient-callers.ts'
import type { ProcessSite } from '../support/process-site.ts'
import { findBrokenAssets, readRemains, type Remains, sweep } from '../support/read-remains.ts'
import type { Random } from '../support/seeded-random.ts'
import { storedFiles } from '../support/stored-files.ts'
import { waitFor } from '../support/wait-for.ts'
import type { MemoryInUse } from './inside/tell-memory.ts'
import type { Verdict } from './trial.ts'

const MIB = 1024 ** 2
const SETTLES_WITHIN_MS = 90_000
/** More than caches and compiled code make. */
const MOST_MEMORY_KEPT = 48 * MIB
/** Of the jobs that are looked at one by one, and of the images that are downloaded. */
const LOOKED_AT = { jobs: 500, images: 20 }
const LOGGED_FAULTS = /nobody waits for|"level":60/

export interface AuditSiteOptions extends AuditOptions {
  accepted: readonly AcceptedJob[]
  random: Random
  /** How often images may have been made once more than needed. */
  mostRemakes: number
  /** Images that may have been stored without a row, for the sweeper to find. */
  mostOrphans: number
  memory: () => Promise<MemoryInUse>
  atFirst: MemoryInUse
  largestLog: () => number
  mostLogBytes: number
}

/** Waits until all is done, looks at everything from outside, and stops the site. */
export async function auditSite(
  site: ProcessSite,
  options: Omit<AuditSiteOptions, 'mostRemakes' | 'mostOrphans'> & Partial<AuditSiteOptions>
): Promise<Verdict> {
  const { accepted, mostRemakes = 0, mostOrphans = 0, mayWait } = options
  const wrong: string[] = []
  if (!mayWait) {
    await waitFor(async () => (await countActive(site)) === 0, SETTLES_WITHIN_MS).catch((error: unknown) =>
      wrong.push(`not everything ends: ${String(error)}`)
    )
  }
  wrong.push(...(await auditApi(site, options)))
  const atLast = await options.memory()
  const kept = (of: MemoryInUse) => of.heap + of.buffers
  if (kept(atLast) - kept(options.atFirst) > MOST_MEMORY_KEPT)
    wrong.push(`memory in use rose from ${mib(kept(options.atFirst))} to ${mib(kept(atLast))}`)
  if (options.largestLog() > options.mostLogBytes) wrong.push(`the log grew to ${mib(options.largestLog())}`)

  wrong.push(...(await stopAll(site)))
  const remains = readRemains(site.dataDir)
  wrong.push(...auditRemains(remains, accepted, options))
  const calls = await listEngineCalls(site.engineUrl)
  const remakes = countRemakes(remains, calls)
  if (remakes > mostRemakes) wrong.push(`${remakes} images were made in vain, ${mostRemakes} may be`)
  const { orphans, faults } = await auditFiles(site.dataDir, remains)
  wrong.push(...faults)
  if (orphans > mostOrphans) wrong.push(`${orphans} images were stored in vain, ${mostOrphans} may be`)
  return {
    audited:
      `${accepted.length} requests, ${remains.assets.filter(({ kind }) => kind === 'output').length} images, ` +
      `${remakes} made again, ${orphans} orphans; ` +
      `log ≤ ${mib(options.largestLog())}; in use ${mib(kept(options.atFirst))} → ${mib(kept(atLast))}`,
    wrong
  }
}

export const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`

export const get = ({ url, key }: Pick<ProcessSite, 'url' | 'key'>, path: string): Promise<Response> =>
  fetch(url + path, { headers: { authorization: `Bearer ${key}` } })

const getJson = async <T>(site: ProcessSite, path: string): Promise<T> => {
  const response = await get(site, path)
  if (!response.ok) throw new Error(`${path} is answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

export const countActive = async (site: ProcessSite): Promise<number> =>
  (await getJson<{ data: unknown[] }>(site, '/v1/jobs?active=1')).data.length

/** What callers are told: each job, some images, and how many were counted. */
async function auditApi(
  site: ProcessSite,
  options: Pick<AuditSiteOptions, 'accepted' | 'random' | 'mayWait' | 'alsoUnheardOf'>
): Promise<string[]> {
  const { accepted, random, mayWait, alsoUnheardOf } = options
  const wrong: string[] = []
  const urls: string[] = []
  const fewAtOnce = createQueue(4)
  const look = async ({ id, n }: AcceptedJob) => {
    const job = await getJson<JobAnswer>(site, `/v1/jobs/${id}`)
    const { data = [] } = job.result ?? {}
    urls.push(...data.map(({ url }) => url))
    if (!mayWait?.(id) && (job.status !== 'PROCESSED' || data.length !== n))
      wrong.push(`the job ${id} is told to be ${job.status} with ${data.length} of ${n} images`)
  }
  const read = async (url: string) => void (await fetchImage(url))
  const note = (error: unknown) => void wrong.push(String(error))
  await Promise.all(some(accepted, LOOKED_AT.jobs, random).map((job) => fewAtOnce(() => look(job)).catch(note)))
  await Promise.all(some(urls, LOOKED_AT.images, random).map((url) => fewAtOnce(() => read(url)).catch(note)))
  if (mayWait) return wrong
  const images = accepted.reduce((sum, { n }) => sum + n, 0)
  // Those that nobody has heard of are counted as well.
  const counted = alsoUnheardOf ? images : await countUsage(site)
  if (counted !== images) wrong.push(`${counted} images are counted, ${images} were promised`)
  return wrong
}

async function countUsage(site: ProcessSite): Promise<number> {
  // The gateway's clock may have been set.
  const [start, end] = [-3, 3].map((days) => Math.floor(Date.now() / 1000) + days * 86_400)
  const { data } = await getJson<{ data: { results: { images: number }[] }[] }>(
    site,
    `/v1/organization/usage/images?start_time=${start}&end_time=${end}&bucket_width=1d&limit=31`
  )
  return data.flatMap(({ results }) => results).reduce((sum, { images }) => sum + images, 0)
}

function some<T>(items: readonly T[], most: number, random: Random): readonly T[] {
  return items.length <= most ? items : Array.from({ length: most }, () => items[random.below(items.length)]!)
}

/** As a person would stop them; whatever had ended before that, or ends otherwise, is a fault. */
async function stopAll({ agents, gateway }: ProcessSite): Promise<string[]> {
  const wrong = [gateway, ...agents].flatMap((program) => program.endsUnasked())
  for (const program of [...agents, gateway]) {
    const { code, stderr } = await program.stop()
    if (code !== 0) wrong.push(`${program.name} stopped with ${code}: ${stderr.slice(-500)}`)
    const [fault] = stderr.split('\n').filter((line) => LOGGED_FAULTS.test(line))
    if (fault !== undefined) wrong.push(`${program.name} has logged ${fault}`)
  }
  return wrong
}

function countRemakes({ tasks }: Remains, calls: Awaited<ReturnType<typeof listEngineCalls>>): number {
  const callsOf = Map.groupBy(
    calls.filter(({ failed }) => !failed),
    ({ key }) => key
  )
  return tasks.reduce((sum, task) => sum + Math.max(0, (callsOf.get(imageKey(task))?.length ?? 0) - 1), 0)
}

/**
 * Every row has its file and every file its row, once the sweeper has taken what nobody refers to; a gateway that was stopped
 * leaves nothing unfinished.
 */
export async function auditFiles(dataDir: string, remains: Remains): Promise<{ orphans: number; faults: string[] }> {
  const faults = (await findBrokenAssets(dataDir, remains)).map((id) => `the bytes of ${id} are missing or damaged`)
  const unfinished = (await storedFiles(dataDir)).filter((path) => path.startsWith('unfinished/'))
  faults.push(...unfinished.map((path) => `${path} is left behind`))
  const { swept: orphans, left } = await sweep(dataDir)
  const named = new Set(remains.assets.map((asset) => `objects/${asset.storage_key}`))
  const strangers = left.filter((path) => !named.has(path))
  return { orphans, faults: [...faults, ...strangers.map((path) => `${path} has no row`)] }
}
