import type { HttpContext } from '../../http-context.ts'

export type JobsContext = Pick<
  HttpContext,
  | 'config'
  | 'requests'
  | 'requestViews'
  | 'stopping'
  | 'durable'
  | 'isDraining'
  | 'apiKeys'
  | 'people'
  | 'onRightsChange'
  | 'budgets'
>
