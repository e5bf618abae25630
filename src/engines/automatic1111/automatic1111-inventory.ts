import type { Feature } from '../../images/image-request.ts'
import { isPictureFile } from '../fingerprint.ts'
import type { FoundModel, Inventory } from '../inventory.ts'
import type { UpstreamHttp } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'
import { type Checkpoint, parseChoices, stemOf, withoutHash } from './automatic1111-api.ts'
import { ask, isDrawThings, type ServerState } from './known-server.ts'

export const EDITING: readonly Feature[] = ['generate', 'edit', 'mask', 'negative_prompt', 'seed']

/** Of its list of checkpoints those that make pictures. */
export const modelsOf = (checkpoints: readonly Checkpoint[]): FoundModel[] =>
  checkpoints
    .map(({ title }) => withoutHash(title))
    .filter(isPictureFile)
    .map((servedAs) => ({ servedAs, name: stemOf(servedAs) }))

/** The one that Draw Things has in use, which is all it tells; none where it does not tell it. */
export const modelOfDrawThings = ({ model }: Record<string, unknown>): FoundModel[] =>
  typeof model === 'string' && model !== ''
    ? [{ servedAs: model, name: stemOf(model), features: EDITING.filter((feature) => feature !== 'mask') }]
    : []

/** Everything that the server lists. */
export async function takeInventory(http: UpstreamHttp, server: ServerState, signal: AbortSignal): Promise<Inventory> {
  const { checkpoints = [], settings = {} } = server
  if (isDrawThings(server)) {
    return { models: modelOfDrawThings(settings), loras: [] }
  }
  // Many imitators have neither, and both are for show.
  const optional = (path: string) => ask(http, path, signal).catch(() => undefined)
  const [loras, memory] = await Promise.all([optional('/sdapi/v1/loras'), optional('/sdapi/v1/memory')])
  const { free, total } = members(members(members(parseJson(memory?.body ?? '')).cuda).system)
  return {
    models: modelsOf(checkpoints),
    loras: parseChoices(loras?.body ?? '').map(({ name }) => name),
    ...(isBytes(free) && isBytes(total) && total > 0 && { memory: { free, total } })
  }
}

const isBytes = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
