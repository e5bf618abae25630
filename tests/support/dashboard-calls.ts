import type { TestGateway, TestPerson } from './test-gateway.ts'

/** An error as every endpoint answers it. */
export interface DashboardError {
  error: { message: string; code: string; param: string | null }
}

export interface DashboardAnswer<T> {
  status: number
  headers: Headers
  /** Undefined of an answer without a body. */
  body: T
}

/** A call below `/api/dashboard` as a page of somebody makes it. */
export async function callDashboard<T>(
  gateway: Pick<TestGateway, 'call'>,
  { cookie }: Pick<TestPerson, 'cookie'>,
  path: string,
  init: Parameters<TestGateway['call']>[1] = {}
): Promise<DashboardAnswer<T>> {
  const response = await gateway.call(`/api/dashboard/${path}`, { ...init, headers: { cookie } })
  const text = await response.text()
  const body = (text === '' ? undefined : JSON.parse(text)) as T
  return { status: response.status, headers: response.headers, body }
}
