import type { HttpContext } from '../../http-context.ts'

export type BatchesContext = Pick<HttpContext, 'batches' | 'assets' | 'config' | 'isDraining'>
