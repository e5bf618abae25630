import { expect } from 'vitest'
import { callJson, type JsonAnswer } from './call-json.ts'
import type { JobAnswer } from './image-calls.ts'
import type { TestGateway } from './test-gateway.ts'
import { waitFor } from './wait-for.ts'

/** A job with what only some have. */
export interface Job extends JobAnswer {
  inputs: { kind: string; asset_id: string; url: string; media_type: string; width: number; height: number }[]
  queue_position?: number
  eta_seconds?: number
}

export interface JobPage {
  object: string
  data: Job[]
  first_id: string | null
  last_id: string | null
  has_more: boolean
}

interface Caller {
  key: string
}

/** The calls of `/v1/jobs` as one user makes them. */
export function jobCalls(gateway: TestGateway, { key }: Caller) {
  const call = <T = Record<string, unknown>>(path: string, init: Parameters<TestGateway['call']>[1] = {}) =>
    callJson<T>(gateway, path, { key, ...init })
  const get = async (id: string): Promise<Job> => {
    const { status, body } = await call<Job>(`/v1/jobs/${id}`)
    expect(status, JSON.stringify(body)).toBe(200)
    return body
  }
  return {
    /** Sends a small generation with `async: true`; gives its id. */
    submit: async (fields: Record<string, unknown>): Promise<string> => {
      const json = { prompt: 'a red fox', size: '32x32', async: true, ...fields }
      const { status, body } = await call<{ id: string }>('/v1/images/generations', { json })
      expect(status, JSON.stringify(body)).toBe(202)
      return body.id
    },
    /** Sends the form of an edit or variation with `async: true`; gives its id. */
    submitForm: async (form: {
      route: 'edits' | 'variations'
      fields: Record<string, string>
      files: Record<string, Buffer>
    }): Promise<string> => {
      const body = new FormData()
      for (const [name, value] of Object.entries({ async: 'true', ...form.fields })) body.append(name, value)
      for (const [name, bytes] of Object.entries(form.files)) body.append(name, new Blob([new Uint8Array(bytes)]), name)
      const answer = await call<{ id: string }>(`/v1/images/${form.route}`, { method: 'POST', body })
      expect(answer.status, JSON.stringify(answer.body)).toBe(202)
      return answer.body.id
    },
    get,
    list: async (query = ''): Promise<JobPage> => {
      const { status, body } = await call<JobPage>(`/v1/jobs${query}`)
      expect(status, JSON.stringify(body)).toBe(200)
      return body
    },
    cancel: (id: string): Promise<JsonAnswer<{ id: string; status: string; canceled: boolean }>> =>
      call(`/v1/jobs/${id}/cancel`, { method: 'POST' }),
    retry: (id: string, headers: Record<string, string> = {}): Promise<JsonAnswer<Job>> =>
      call(`/v1/jobs/${id}/retry`, { method: 'POST', headers }),
    remove: (id: string): Promise<JsonAnswer<Record<string, unknown>>> => call(`/v1/jobs/${id}`, { method: 'DELETE' }),
    /** The job as soon as it is in this state. */
    when: (id: string, ...statuses: string[]): Promise<Job> =>
      waitFor(async () => {
        const job = await get(id)
        return statuses.includes(job.status) && job
      }),
    ended: (id: string): Promise<Job> =>
      waitFor(async () => {
        const job = await get(id)
        return job.finished_at !== null && job
      })
  }
}
