import { expect } from 'vitest'
import { callJson, type JsonAnswer } from './call-json.ts'
import type { TestGateway } from './test-gateway.ts'

export interface Batch {
  id: string
  object: string
  label: string | null
  status: string
  total: number
  queued: number
  processing: number
  processed: number
  failed: number
  canceled: number
  created: number
  jobs: { id: string; status: string }[]
}

export interface BatchPage {
  object: string
  data: Batch[]
  first_id: string | null
  last_id: string | null
  has_more: boolean
}

/** The calls of `/v1/batches` as one user makes them. */
export function batchCalls(gateway: Pick<TestGateway, 'call'>, { key }: { key: string }) {
  const call = async <T>(status: number, path: string, init: Parameters<TestGateway['call']>[1] = {}): Promise<T> => {
    const answer = await callJson<T>(gateway, path, { key, ...init })
    expect(answer.status, JSON.stringify(answer.body)).toBe(status)
    return answer.body
  }
  return {
    submit: (requests: readonly unknown[], more: Record<string, unknown> = {}): Promise<Batch> =>
      call(202, '/v1/batches', { json: { requests, ...more } }),
    get: (id: string): Promise<Batch> => call(200, `/v1/batches/${id}`),
    list: (query = ''): Promise<BatchPage> => call(200, `/v1/batches${query}`),
    cancel: (id: string): Promise<JsonAnswer<Batch>> =>
      callJson<Batch>(gateway, `/v1/batches/${id}/cancel`, { key, method: 'POST' })
  }
}
