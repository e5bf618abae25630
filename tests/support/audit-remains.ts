import type { Remains, TaskRow } from './read-remains.ts'

/** What a caller was told is accepted. */
export interface Promised {
  id: string
  n: number
}

export interface AuditOptions {
  /** Requests may be there of which nobody has heard; those may wait. */
  alsoUnheardOf?: boolean
  /** It need not have ended. */
  mayWait?: (id: string) => boolean
}

/**
 * One sentence for each thing in the database that should not be so: a promise that is not there, an image that is made twice,
 * not counted or counted twice, an end that two attempts or none have had.
 */
export function auditRemains(
  remains: Remains,
  promised: readonly Promised[],
  { alsoUnheardOf = false, mayWait = () => false }: AuditOptions = {}
): string[] {
  const { requests, tasks, attempts, assets, usage, integrity } = remains
  const wrong = [...remains.miscounts]
  if (integrity !== 'ok') wrong.push(`SQLite says of the database: ${integrity}`)

  const requestOf = new Map(requests.map((request) => [request.id, request]))
  const tasksOf = Map.groupBy(tasks, (task) => task.request_id)
  for (const { id, n } of promised) {
    const request = requestOf.get(id)
    const made = (tasksOf.get(id) ?? []).filter(({ state }) => state === 'succeeded').length
    if (!request) wrong.push(`the accepted request ${id} has vanished`)
    else if (tasksOf.get(id)?.length !== n) wrong.push(`${id} has ${tasksOf.get(id)?.length ?? 0} images of ${n}`)
    else if (!mayWait(id) && (request.state !== 'succeeded' || made !== n))
      wrong.push(`${id} has ended as ${request.state} with ${made} of ${n} images`)
  }
  const known = new Set(promised.map(({ id }) => id))
  const unheardOf = requests.filter(({ id }) => !known.has(id))
  if (!alsoUnheardOf) wrong.push(...unheardOf.map(({ id }) => `nobody was told of the request ${id}`))

  wrong.push(...auditTasks(tasks, { attempts, mayWait: (id) => mayWait(id) || !known.has(id) }))
  const outputs = assets.filter(({ kind }) => kind === 'output').map(({ id }) => id)
  wrong.push(
    ...differences('output', outputs, {
      'a finished image': tasks.filter(({ state }) => state === 'succeeded').map((task) => task.asset_id),
      'a row of usage': usage.map((row) => row.asset_id)
    })
  )
  return wrong
}

/** Each finished image was made by the one attempt that counts, and none is still being made. */
function auditTasks(
  tasks: readonly TaskRow[],
  { attempts, mayWait }: Pick<Remains, 'attempts'> & { mayWait: (requestId: string) => boolean }
): string[] {
  const wrong: string[] = []
  const attemptsOf = Map.groupBy(attempts, (attempt) => attempt.task_id)
  for (const task of tasks) {
    const those = attemptsOf.get(task.id) ?? []
    const succeeded = those.filter(({ state }) => state === 'succeeded').map(({ id }) => id)
    const right = task.state === 'succeeded' ? [task.current_attempt_id] : []
    if (succeeded.join() !== right.join()) wrong.push(`${task.id} is ${task.state}, made by [${succeeded.join()}]`)
    const holding = those.filter(({ id, state }) => state === 'standby' && id === task.current_attempt_id)
    if (task.held !== holding.length || (task.held > 0 && task.state !== 'queued'))
      wrong.push(`${task.id} is ${task.state} and held: ${task.held}, by [${holding.map(({ id }) => id).join()}]`)
    if (mayWait(task.request_id)) continue
    const going = those.filter(({ state }) => ['standby', 'running', 'lapsed'].includes(state))
    if (going.length > 0) wrong.push(`${going.length} attempts of ${task.id} have not ended`)
  }
  return wrong
}

/** For each list: which of the ids it lacks, has several times, or has though it should not. */
function differences(what: string, ids: readonly string[], lists: Record<string, readonly string[]>): string[] {
  const known = new Set(ids)
  return Object.entries(lists).flatMap(([name, list]) => {
    const count = Map.groupBy(list, (id) => id)
    return [
      ...ids.filter((id) => !count.has(id)).map((id) => `the ${what} ${id} lacks ${name}`),
      ...[...count].filter(([, those]) => those.length > 1).map(([id]) => `the ${what} ${id} has ${name} twice`),
      ...[...count.keys()].filter((id) => !known.has(id)).map((id) => `${name} is for ${id}, which is no ${what}`)
    ]
  })
}
