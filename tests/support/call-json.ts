import type { TestGateway } from './test-gateway.ts'

export interface JsonAnswer<T> {
  status: number
  headers: Headers
  body: T
}

/** A call below the gateway's URL whose answer is JSON, whatever its status. */
export async function callJson<T = Record<string, unknown>>(
  gateway: Pick<TestGateway, 'call'>,
  path: string,
  init: Parameters<TestGateway['call']>[1] = {}
): Promise<JsonAnswer<T>> {
  const response = await gateway.call(path, init)
  return { status: response.status, headers: response.headers, body: (await response.json()) as T }
}
