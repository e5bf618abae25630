import { spawnFake } from '../../tests/support/spawn-fake.ts'
import type { Upstream } from '../upstream.ts'
import { bucketEnv, openClubTargets } from './open-club.ts'
import { openPortkey } from './open-portkey.ts'
import type { OpenedTargets, Target } from './target.ts'

/** All that images are measured through, from nothing in between to all of this; the notes say what is missing. */
export async function openTargets(upstream: Upstream): Promise<OpenedTargets & { notes: string[] }> {
  const stack = new AsyncDisposableStack()
  const targets: Target[] = []
  const notes: string[] = []
  const add = (opened: OpenedTargets): void => {
    stack.defer(() => opened.close())
    targets.push(...opened.targets)
  }
  try {
    targets.push(openly('upstream', { url: upstream.url, processes: [] }))
    const pipe = await spawnFake('../../bench/pipe-main.ts', { to: upstream.url })
    stack.defer(() => pipe.close())
    targets.push(openly('pipe', { url: pipe.url, processes: [{ name: 'gateway', pid: pipe.pid }] }))
    const portkey = await openPortkey(upstream)
    if (portkey) add(portkey)
    else notes.push('Portkey was not measured: it is not installed (`npm ci --prefix bench`).')
    add(await openClubTargets(upstream))
    const env = bucketEnv(process.env)
    if (env) add(await openClubTargets(upstream, { name: 'inference.club, bucket', env }))
    else notes.push('Images in a bucket were not measured: BENCH_STORAGE names none.')
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
  return { targets, notes, close: () => stack.disposeAsync() }
}

const openly = (name: string, { url, processes }: { url: string; processes: Target['processes'] }): Target => ({
  name,
  baseUrl: `${url}/v1`,
  headers: { authorization: 'Bearer sk-bench' },
  fields: { response_format: 'b64_json' },
  processes
})
