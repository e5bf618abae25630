import type { AttemptRow } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'
import { type AssetRow, listInputs } from './request-store.ts'

/** The name an agent asks for an input by: `image0`, `image1`, … and `mask`. */
export const inputName = (input: Pick<AssetRow, 'kind' | 'position'>): string =>
  input.kind === 'mask' ? 'mask' : `image${input.position}`

/** The source image or mask of that name of an attempt's request. */
export async function findInput(
  { database }: Pick<RequestParts, 'database'>,
  attempt: Pick<AttemptRow, 'request_id'>,
  name: string
): Promise<AssetRow | undefined> {
  return (await listInputs(database.db, attempt.request_id)).find((input) => inputName(input) === name)
}

/** The source images of an attempt's request, without its mask, in their order. */
export const listSources = async (
  { database }: Pick<RequestParts, 'database'>,
  attempt: Pick<AttemptRow, 'request_id'>
): Promise<AssetRow[]> => (await listInputs(database.db, attempt.request_id)).filter(({ kind }) => kind === 'input')
