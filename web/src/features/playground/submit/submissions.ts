import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { Person } from '../../../../../src/http/dashboard/contract/session.ts'
import { ApiError } from '../../../lib/fetch-json.ts'
import { refreshHead } from '../../../lib/request-list.ts'
import type { PlaygroundCall } from '../build-call.ts'
import { newKey } from '../sources/source-image.ts'
import { expectedRequest } from './expected-request.ts'
import { sendCall } from './send-call.ts'

/** A call on its way: known to this tab alone until the server's list shows it. */
export interface Submission {
  /** Its `Idempotency-Key`. */
  key: string
  call: PlaygroundCall
  /** As it is expected to be; with the server's id once that is known. */
  request: RequestSummary
  /** Why no answer came; whether the server took the call is not known. */
  unanswered: ApiError | null
}

/** Pauses before a lost call is sent again by itself. */
const PAUSES_MS: readonly number[] = [800, 2500]

/** The calls of this tab. They are kept here so that they go on while another page is shown. */
export function createSubmissions({ send = sendCall, pausesMs = PAUSES_MS } = {}) {
  let list: readonly Submission[] = []
  /** By which key a request was made here. */
  const keysById = new Map<string, string>()
  const watchers = new Set<() => void>()

  const set = (next: readonly Submission[]) => {
    list = next
    for (const watcher of watchers) watcher()
  }
  const update = (key: string, part: Partial<Submission>) =>
    set(list.map((one) => (one.key === key ? { ...one, ...part } : one)))
  const discard = (key: string) => set(list.filter((one) => one.key !== key))

  const sendUntilAnswered: typeof sendCall = async (call, key) => {
    for (const pause of pausesMs) {
      try {
        return await send(call, key)
      } catch (error) {
        if (!isUnanswered(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
    return send(call, key)
  }

  const deliver = async (client: QueryClient, { key, call, request }: Submission) => {
    try {
      const { id } = await sendUntilAnswered(call, key)
      keysById.set(id, key)
      update(key, { request: { ...request, id } })
      // From here on the server's list shows it; if that fails, live events and the next look will.
      await refreshHead(client, {}).catch(() => undefined)
      discard(key)
    } catch (error) {
      if (isUnanswered(error)) update(key, { unanswered: error })
      else discard(key)
      throw error
    }
  }

  const resend = async (client: QueryClient, submission: Submission): Promise<void> => {
    update(submission.key, { unanswered: null })
    return deliver(client, submission)
  }

  return {
    list: () => list,
    subscribe: (watcher: () => void) => {
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
    /**
     * Sends a call and shows it at once. The same call while it is on its way is not sent twice; after its answer was
     * lost it is sent again with the same key, so that nothing is made twice. Throws the server's refusal as
     * `ApiError`; a call without an answer stays in the list and can be sent again.
     */
    submit: async (client: QueryClient, call: PlaygroundCall, owner: Person): Promise<void> => {
      const same = list.find((one) => isSameCall(one.call, call))
      if (same) return same.unanswered ? resend(client, same) : undefined
      const key = newKey()
      const submission = { key, call, request: expectedRequest(call, { key, owner }), unanswered: null }
      set([submission, ...list])
      return deliver(client, submission)
    },
    resend,
    discard,
    /** What React tells requests apart by: their places keep their identity when the server's id is known. */
    screenKeyOf: (id: string): string => keysById.get(id) ?? id,
    isMadeHere: (id: string): boolean => keysById.has(id)
  }
}

export const submissions = createSubmissions()

/** Newest first. */
export const useSubmissions = (): readonly Submission[] => useSyncExternalStore(submissions.subscribe, submissions.list)

const isSameCall = (a: PlaygroundCall, b: PlaygroundCall): boolean =>
  a.kind === b.kind &&
  JSON.stringify(a.fields) === JSON.stringify(b.fields) &&
  a.sources.length === b.sources.length &&
  a.sources.every((source, index) => source === b.sources[index])

/** Nobody knows whether the server has taken it. */
const isUnanswered = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 0 || error.status >= 500)
