import { isAlsoReason, isWaitReason, type ToldWait } from '../lib/wait-reasons.ts'
import { members, type Read } from './call-gateway.ts'

export interface OnlineModel {
  id: string
  features: string[]
  /** Nobody may begin an image of it now. */
  waits: boolean
}

export interface JobResult {
  data: { url: string; revised_prompt?: string }[]
  warnings: string[]
}

export interface Job {
  status: string
  /** Percent. */
  progress: number
  /** Images that were asked for. */
  n: number
  /** Why its first waiting image waits, where this program has words for it; times in UTC milliseconds. */
  waiting?: ToldWait
  /** Of its first waiting image, of which nobody makes any: 1 is next; and whole seconds until its last is likely to be done, where that is told. */
  queue?: { position: number; etaSeconds?: number }
  /** Names of the machines that make it at the moment, each once. */
  makers: string[]
  result?: JobResult
  error?: string
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? (value as unknown[]).filter((one) => typeof one === 'string') : []

/** Models that are online. Another server with OpenAI's API has a list, too, and tells nothing of what they can. */
export const readModels: Read<OnlineModel[]> = (answer) => {
  const { data } = members(answer)
  if (!Array.isArray(data)) return undefined
  const models = (data as unknown[]).map(members)
  return models.every(({ id, supported_features: told }) => typeof id === 'string' && Array.isArray(told))
    ? models.map(({ id, supported_features: told, waiting }) => ({
        id: String(id),
        features: textsOf(told),
        waits: waiting !== undefined
      }))
    : undefined
}

/** Id of the job that a call began. */
export const readJobId: Read<string> = (answer) => {
  const { id } = members(answer)
  return typeof id === 'string' && /^[\w-]{1,200}$/.test(id) ? id : undefined
}

export const readJob: Read<Job> = (answer) => {
  const { status, progress, parameters, waiting, attempts, result, error, queue_position, eta_seconds } =
    members(answer)
  const { n } = members(parameters)
  const read = result === undefined || result === null ? undefined : readResult(result)
  const { message } = members(error)
  const { reason, until, gives_up_at: givesUpAt, own_share: isOwnShare, also, being_made: beingMade } = members(waiting)
  if (typeof status !== 'string' || typeof progress !== 'number' || typeof n !== 'number') return undefined
  if (result && !read) return undefined
  return {
    ...{ status, progress, n, makers: makersIn(attempts) },
    ...(isWaitReason(reason) && {
      waiting: {
        reason,
        until: isTime(until) ? until * 1000 : null,
        ...(isTime(givesUpAt) && { givesUpAt: givesUpAt * 1000 }),
        ...(isOwnShare === true && { isOwnShare }),
        ...(isAlsoReason(also) && { also }),
        ...(typeof beingMade === 'number' && Number.isSafeInteger(beingMade) && { beingMade })
      }
    }),
    ...(status === 'QUEUED' &&
      isCount(queue_position) && {
        queue: { position: queue_position, ...(isCount(eta_seconds) && { etaSeconds: eta_seconds }) }
      }),
    ...(read && { result: read }),
    ...(typeof message === 'string' && { error: message })
  }
}

/** The last second that a `Date` can be. */
const LAST_SECOND = 8.64e12

const isTime = (seconds: unknown): seconds is number =>
  typeof seconds === 'number' && seconds >= 0 && seconds <= LAST_SECOND

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0

function makersIn(attempts: unknown): string[] {
  const running = (Array.isArray(attempts) ? (attempts as unknown[]) : [])
    .map(members)
    .filter((one) => one.status === 'running')
  return [...new Set(textsOf(running.map(({ provider }) => provider)))]
}

const readResult: Read<JobResult> = (result) => {
  const { data, warnings } = members(result)
  if (!Array.isArray(data)) return undefined
  const images = (data as unknown[]).map((one) => {
    const { url, revised_prompt: revised } = members(one)
    return { url: isHttpUrl(url) ? url : '', ...(typeof revised === 'string' && { revised_prompt: revised }) }
  })
  return images.every(({ url }) => url !== '') ? { data: images, warnings: textsOf(warnings) } : undefined
}

const isHttpUrl = (value: unknown): value is string =>
  typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? '')
