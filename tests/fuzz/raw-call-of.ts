import { multipart } from '../support/multipart.ts'
import type { HttpCase } from './http-case.ts'
import { fillIds } from './known-ids.ts'
import type { RawCall } from './send-raw-call.ts'
import type { World } from './target.ts'

/** The call of the case, as bytes. */
export function rawCallOf({ caller, method, path, query, headers, body, cut }: HttpCase, world: World): RawCall {
  const filled = (text: string) => fillIds(text, world.ids)
  const { bytes, contentType } = bodyOf(body, filled, world.files)
  const pairs = query.map(([name, value]) => [name, filled(value)].map((one) => encodeURIComponent(one.toWellFormed())))
  const search = pairs.map((pair) => pair.join('=')).join('&')
  const names = new Set(headers.map(([name]) => name))
  const sized = !['GET', 'HEAD', 'OPTIONS'].includes(method) || bytes.length > 0
  return {
    method,
    target: filled(path) + (search === '' ? '' : `?${search}`),
    headers: [
      ...world.credentials(caller, path),
      ...(contentType !== undefined && !names.has('content-type') ? [['content-type', contentType] as const] : []),
      ...(sized && !names.has('content-length') && !names.has('transfer-encoding')
        ? [['content-length', String(bytes.length)] as const]
        : []),
      ...headers.map(([name, value]) => [name, filled(value)] as const)
    ],
    body: bytes,
    ...(cut !== undefined && cut < bytes.length && { cut })
  }
}

function bodyOf(
  body: HttpCase['body'],
  filled: (text: string) => string,
  files: World['files']
): { bytes: Buffer; contentType?: string } {
  if (!body) return { bytes: Buffer.alloc(0) }
  if ('text' in body) return { bytes: Buffer.from(filled(body.text)) }
  const parts = body.parts.map(({ file, text = '', ...part }) => ({
    ...part,
    body: file === undefined ? filled(text) : files[file]!
  }))
  const form = multipart(parts, { final: body.isClosed })
  return { bytes: form.body, contentType: form.contentType }
}
