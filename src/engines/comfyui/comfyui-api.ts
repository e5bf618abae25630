import { members } from '../upstream-text.ts'
import type { ServerFile } from './comfyui-http.ts'

/** Ids of jobs in ComfyUI's queue, its owner's among them. */
export interface Queue {
  running: string[]
  pending: string[]
}

/** `{queue_running: [[number, id, …]], queue_pending}`. What else stands there is others' work and is not looked at. */
export function parseQueue(json: unknown): Queue | undefined {
  const { queue_running: running, queue_pending: pending } = members(json)
  if (!Array.isArray(running) || !Array.isArray(pending)) return undefined
  const ids = (items: unknown[]) =>
    items.flatMap((item) => (Array.isArray(item) && typeof item[1] === 'string' ? [item[1]] : []))
  return { running: ids(running), pending: ids(pending) }
}

/** What jobs that wait say of whence they come, by their ids; as `sentBy` of `POST /prompt` has it. */
export function parseWaiting(json: unknown): { id: string; sentBy: string }[] {
  const { queue_pending: pending } = members(json)
  const items = Array.isArray(pending) ? (pending as unknown[]) : []
  return items.flatMap((item) => {
    const [, id, , extra] = Array.isArray(item) ? (item as unknown[]) : []
    const sentBy = members(extra)[SENT_BY]
    return typeof id === 'string' && typeof sentBy === 'string' ? [{ id, sentBy }] : []
  })
}

/** In the `extra_data` of a job: a word for its sender and one for the job, which an old server gives an id of its own. */
export const SENT_BY = 'inference_club'

/** How a job ended. */
export interface JobEnd {
  kind: 'done' | 'interrupted' | 'failed'
  /** What `execution_error` told, when it failed. */
  error?: unknown
  outputs: Map<string, ServerFile[]>
}

/** The entry of a job in `/history/<id>`; undefined while there is none, which is until it has ended. */
export function parseHistory(json: unknown, id: string): JobEnd | undefined {
  const entry = members(json)[id]
  if (entry === undefined) return undefined
  const { status, outputs } = members(entry)
  const { messages } = members(status)
  const told = (Array.isArray(messages) ? messages : []) as unknown[]
  const messageOf = (name: string) => told.find((one): one is unknown[] => Array.isArray(one) && one[0] === name)
  const error = messageOf('execution_error')
  const files = new Map(Object.entries(members(outputs)).map(([node, output]) => [node, parseFiles(output)]))
  // A job that was stopped has the status of an error, too.
  if (messageOf('execution_interrupted')) return { kind: 'interrupted', outputs: files }
  if (error || members(status).status_str === 'error') return { kind: 'failed', error: error?.[1], outputs: files }
  return { kind: 'done', outputs: files }
}

/** The pictures of a node's output; other kinds of output have other names. */
export function parseFiles(output: unknown): ServerFile[] {
  const { images } = members(output)
  return ((Array.isArray(images) ? images : []) as unknown[]).flatMap((image) => {
    const { filename, subfolder, type } = members(image)
    if (typeof filename !== 'string' || filename === '') return []
    return [
      {
        filename,
        subfolder: typeof subfolder === 'string' ? subfolder : '',
        type: typeof type === 'string' ? type : 'output'
      }
    ]
  })
}

/** One line about the server, for its owner; undefined when it is none of ComfyUI. */
export function parseSystem(json: unknown): string | undefined {
  const { system, devices } = members(json)
  if (typeof system !== 'object' || system === null || !Array.isArray(devices)) return undefined
  const { comfyui_version: version } = members(system)
  const { name } = members(devices[0])
  const device = typeof name === 'string' ? ` on ${name.slice(0, 80)}` : ''
  return `ComfyUI${typeof version === 'string' ? ` ${version.slice(0, 40)}` : ''}${device}`
}
