import type { FastifyInstance } from 'fastify'
import { closestName } from '../lib/closest-name.ts'

/** Longer paths are nobody's near miss; comparing them costs time. */
const MOST_CHARACTERS = 200

/** Several slashes in a row mean one, as when a base URL ends in a slash; what follows the `?` stays as it is. */
export const collapseSlashes = (url: string): string => url.replace(/^[^?]*/, (path) => path.replace(/\/{2,}/g, '/'))

export interface KnownPaths {
  /** The path of the API that a wrong one most likely meant: below another prefix, without one, or misspelt. */
  meantBy(path: string): string | undefined
}

/** Notes the paths below `prefix` as their routes are added. */
export function noteKnownPaths(app: FastifyInstance, prefix: string): KnownPaths {
  const patterns = new Set<string>()
  app.addHook('onRoute', ({ url }) => {
    if (url.startsWith(`${prefix}/`) && url !== `${prefix}/*`) patterns.add(url)
  })
  return { meantBy: (path) => (path.length > MOST_CHARACTERS ? undefined : meantPath(path, prefix, [...patterns])) }
}

function meantPath(path: string, prefix: string, patterns: readonly string[]): string | undefined {
  const segments = path.split('/').filter((segment) => segment !== '')
  // `/v1/v1/models`, `/api/v1/models`, `/models`: the longest end of it that is a path of ours.
  for (const index of segments.keys()) {
    const candidate = `${prefix}/${segments.slice(index).join('/')}`
    if (candidate !== path && patterns.some((pattern) => matches(candidate, pattern))) return candidate
  }
  // The beginning of every path is a near miss of none.
  if (`/${segments.join('/')}` === prefix || segments.length === 0) return undefined
  const whole = patterns.filter((pattern) => !/[:*]/.test(pattern))
  return (
    closestName(path, whole) ??
    closestName(`${prefix}${path}`, whole) ??
    // `/generations`: the end of one of ours.
    whole.find((pattern) => pattern.endsWith(`/${segments.join('/')}`))
  )
}

/** A pattern has parameters (`:id`), and may end in `*` for one segment or more. */
function matches(path: string, pattern: string): boolean {
  const [given, wanted] = [path.split('/'), pattern.split('/')]
  const isLong = wanted.at(-1) === '*' && given.length > wanted.length
  return (
    (isLong || given.length === wanted.length) &&
    wanted.every((segment, index) => segment === given[index] || segment === '*' || segment.startsWith(':'))
  )
}
