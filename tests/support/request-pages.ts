import { expect } from 'vitest'
import type {
  FilterOptions,
  QueueState,
  RequestDetail,
  RequestPage,
  RequestQuery
} from '../../src/http/dashboard/contract/requests.ts'
import { callJson, type JsonAnswer } from './call-json.ts'
import type { TestGateway } from './test-gateway.ts'

/** What the dashboard's pages on requests ask, as somebody who is signed in. */
export function requestPages(gateway: TestGateway, { cookie }: { cookie: string }) {
  const call = <T = Record<string, unknown>>(path: string, init: Parameters<TestGateway['call']>[1] = {}) =>
    callJson<T>(gateway, `/api/dashboard${path}`, { ...init, headers: { cookie } })
  const get = async <T>(path: string): Promise<T> => {
    const { status, body } = await call<T>(path)
    expect(status, JSON.stringify(body)).toBe(200)
    return body
  }
  const list = (query: RequestQuery = {}) => get<RequestPage>(`/requests?${toSearch(query)}`)
  return {
    call,
    list,
    /** All pages together. */
    listAll: async (query: RequestQuery = {}): Promise<RequestPage['items']> => {
      const items: RequestPage['items'] = []
      let cursor: string | undefined
      do {
        const page = await list({ ...query, ...(cursor !== undefined && { cursor }) })
        items.push(...page.items)
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
      return items
    },
    /** Asks for an image in the dashboard; gives the request's id. */
    submit: async (fields: Record<string, unknown>): Promise<string> => {
      const json = { prompt: 'a red fox', size: '32x32', async: true, ...fields }
      const { status, body } = await call<{ id: string }>('/images/generations', { json })
      expect(status, JSON.stringify(body)).toBe(202)
      return body.id
    },
    detail: (id: string) => get<RequestDetail>(`/requests/${id}`),
    queue: (owner?: string) => get<QueueState>(`/queue${owner === undefined ? '' : `?owner=${owner}`}`),
    filters: () => get<FilterOptions>('/filters'),
    /** What a call is refused with. */
    refusal: async (path: string, init: Parameters<TestGateway['call']>[1] = {}): Promise<unknown[]> => {
      const { status, body } = (await call(path, init)) as JsonAnswer<{
        error?: { code: string; param: string | null }
      }>
      return [status, body.error?.code, body.error?.param]
    }
  }
}

const toSearch = (query: RequestQuery): string =>
  new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString()
