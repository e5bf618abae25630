import type { Principal } from '../lib/principal.ts'
import type { HttpContext } from './http-context.ts'

/** What is shown of a request, as far as it tells whether there are pictures. */
interface Shown {
  request: { id: string; user_id: string }
  inputs: readonly unknown[]
  outputs: readonly unknown[]
}

/** Before an admin is shown requests of others that have pictures, their owners will see that it was so. */
export async function noteLooks(
  { assets }: Pick<HttpContext, 'assets'>,
  reader: Pick<Principal, 'userId' | 'role'>,
  views: readonly Shown[]
): Promise<void> {
  if (reader.role !== 'admin') return
  const seen = views.filter(
    (view) => view.request.user_id !== reader.userId && view.inputs.length + view.outputs.length > 0
  )
  await assets.noteLooks({ viewerId: reader.userId, requestIds: seen.map(({ request }) => request.id) })
}
