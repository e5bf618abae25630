import type { FuzzCaller } from './gateway-process.ts'
import type { Route } from './routes.ts'
import type { Target } from './target.ts'

const IMAGE = { model: 'demo', prompt: 'a fox', size: '32x32' }

/** What there may be none of, which the callers before may have taken away. */
const MAY_BE_MISSING = ['/api/dashboard/club/picture']

/** What lists or shows something without being told which; event streams never end. */
const readablePaths = (routes: readonly Route[]): string[] =>
  routes
    .filter(({ method, path }) => method === 'GET' && /^\/(v1|api\/dashboard)\/[^:*]+$/.test(path))
    .filter(({ path }) => !path.endsWith('/events'))
    .map(({ path, schema }) => (schema?.querystring?.required?.includes('start_time') ? `${path}?start_time=0` : path))

/** What is amiss for those who have to live with what the others did: an image that is not made, a page that fails. */
export async function findProblemsAfterwards(target: Target): Promise<string[]> {
  const { gateway, callers, owner } = await target.current()
  const problems: string[] = []
  const look = async (path: string, of: FuzzCaller, refusals: readonly number[] = []) => {
    const response = await gateway.send(path, { of }).catch((error: unknown) => error as Error)
    if (response instanceof Error) problems.push(`afterwards ${path} is not answered: ${response.message}`)
    else if (response.status !== 200 && !refusals.includes(response.status))
      problems.push(`afterwards ${path} is answered ${response.status}: ${await response.text()}`)
    else await response.body?.cancel()
  }
  const [other, admin] = [await gateway.ask('addCaller', 'member'), await gateway.ask('addCaller', 'admin')]
  await gateway
    .call('/v1/images/generations', { of: other, json: IMAGE })
    .catch((error: unknown) => problems.push(`afterwards ${String(error)}`))
  for (const path of readablePaths(gateway.routes)) {
    const missing = MAY_BE_MISSING.includes(path) ? [404] : []
    await look(path, admin, missing)
    for (const member of [other, owner]) await look(path, member, [403, ...missing])
    // They may have been shut out meanwhile.
    for (const caller of [callers.member, callers.admin]) await look(path, caller, [401, 403, ...missing])
  }
  return problems
}
