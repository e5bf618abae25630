import type { TestGateway } from './test-gateway.ts'

export interface Browser {
  /** As a page of the gateway calls it; `headers` on top of those of a browser. */
  call<T = Record<string, unknown>>(
    path: string,
    options?: { json?: unknown; method?: string; headers?: Record<string, string> }
  ): Promise<BrowserAnswer<T>>
  /** What it would send as the header `cookie`. */
  cookie(): string
}

export interface BrowserAnswer<T> {
  status: number
  headers: Headers
  /** Of JSON; else its text. */
  body: T
}

/** Keeps cookies, says where its calls come from, and follows no redirects. */
export function createBrowser(gateway: Pick<TestGateway, 'url'>, jar: Map<string, string> = new Map()): Browser {
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    cookie,
    call: async <T>(path: string, options: Parameters<Browser['call']>[1] = {}) => {
      const { json, method = json === undefined ? 'GET' : 'POST', headers = {} } = options
      const response = await fetch(path.startsWith('/') ? gateway.url + path : path, {
        method,
        redirect: 'manual',
        headers: {
          ...(jar.size > 0 && { cookie: cookie() }),
          ...(method !== 'GET' && { origin: gateway.url }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...headers
        },
        ...(json !== undefined && { body: JSON.stringify(json) })
      })
      for (const line of response.headers.getSetCookie()) keep(jar, line)
      const text = await response.text()
      const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json')
      return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T }
    }
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split('; ')
  const [name = '', value = ''] = pair.split(/=(.*)/s)
  if (attributes.includes('Max-Age=0')) jar.delete(name)
  else jar.set(name, value)
}

/** Name, value and attributes of a cookie that an answer sets; undefined when it does not. */
export function cookieIn(headers: Headers, name: string): { value: string; attributes: string[] } | undefined {
  const line = headers.getSetCookie().find((one) => one.startsWith(`${name}=`))
  if (line === undefined) return undefined
  const [pair = '', ...attributes] = line.split('; ')
  return { value: pair.slice(name.length + 1), attributes }
}
