import type { Inventory, StoredModel } from '../engines/inventory.ts'
import { clampCount } from '../lib/bounds.ts'
import { isClean } from '../lib/clean-text.ts'
import {
  inventoryBytes,
  MAX_FOUND_LORAS,
  MAX_FOUND_MODELS,
  MAX_FOUND_NAME_CHARS,
  MAX_INVENTORY_BYTES,
  MAX_LORAS_OF_MODEL,
  type ServiceInventory
} from '../protocol/service-inventory.ts'
import type { AgentService } from './agent-services.ts'
import { isSameModel } from './same-model.ts'

/** As many models may stand in one list as a service may have. */
const MAX_LORA_GROUPS = 50
const MAX_NAMES_OF_MODEL = 20
/** Free memory moves all the time: it is told in steps, bytes. */
const MEMORY_STEP = 256 * 1024 ** 2

/**
 * What the gateway is told of what lies on the image server of a service, within the bounds of the message. Names that are no
 * names for the gateway (too long, or with control characters) are counted as left out, as is what has no room, and what may
 * make no images and is not offered.
 */
export function tellInventory({ config, engine }: AgentService, found: Inventory): ServiceInventory {
  const isShown = config.foundModels !== 'hide'
  const { unclearModels = [], moreModels = 0 } = found
  const isOffered = (name: string) => config.models.some(({ servedAs }) => isSameModel(name, servedAs))
  const known = [...found.models, ...unclearModels.filter(isOffered).map((servedAs) => ({ servedAs }))]
  const models = isShown ? known.filter(({ servedAs }) => isName(servedAs)).map(tellModel(config)) : []
  const loras = isShown ? found.loras.filter(isName) : []
  const memory = isShown && found.memory ? tellMemory(found.memory) : undefined
  const message: ServiceInventory = {
    type: 'service.inventory',
    service: config.name,
    models: models.slice(0, MAX_FOUND_MODELS),
    loras: loras.slice(0, MAX_FOUND_LORAS),
    ...(config.foundModels === 'offer' && { may_offer: true }),
    more_models: 0,
    more_loras: 0,
    ...(memory && { memory }),
    usable_loras: groupLoras(config.models, (servedAs) =>
      (engine?.lorasFor?.(servedAs, found.loras) ?? []).filter(isName)
    )
  }
  while (inventoryBytes(message) > MAX_INVENTORY_BYTES) shorten(message)
  return {
    ...message,
    more_models: isShown
      ? clampCount(found.models.length + unclearModels.length + moreModels - message.models.length)
      : 0,
    more_loras: isShown ? clampCount(found.loras.length - message.loras.length) : 0
  }
}

/** Takes something off the end of the longest list; of those for callers last. */
function shorten({ models, loras, usable_loras: groups }: ServiceInventory): void {
  const longest = loras.length >= models.length ? loras : models
  if (longest.length > 0) return void longest.splice(Math.floor(longest.length / 2))
  const group = groups.toSorted((one, other) => other.loras.length - one.loras.length)[0]
  if (!group || group.loras.length === 0) return void groups.pop()
  group.loras.splice(Math.floor(group.loras.length / 2))
  group.more = true
}

/** Whether the gateway is told of something of that name. */
export const isName = (text: string): boolean => text !== '' && text.length <= MAX_FOUND_NAME_CHARS && isClean(text)

const tellModel =
  ({ models }: AgentService['config']) =>
  ({ servedAs, name, bytes, isIncomplete }: StoredModel): ServiceInventory['models'][number] => ({
    name: servedAs,
    ...(bytes !== undefined && { bytes }),
    ...(isIncomplete && { incomplete: true }),
    serves: models
      .filter((model) => [servedAs, name].some((one) => one !== undefined && isSameModel(one, model.servedAs)))
      .map(({ id }) => id)
      .slice(0, MAX_NAMES_OF_MODEL)
  })

const tellMemory = ({ free, total }: NonNullable<Inventory['memory']>): NonNullable<ServiceInventory['memory']> => ({
  free: Math.floor(free / MEMORY_STEP) * MEMORY_STEP,
  total
})

/** Models that have the same LoRAs stand together; those without any are left out. */
function groupLoras(
  models: AgentService['config']['models'],
  lorasOf: (servedAs: string) => string[]
): ServiceInventory['usable_loras'] {
  const groups = new Map<string, ServiceInventory['usable_loras'][number]>()
  for (const { id, servedAs } of models) {
    const all = [...new Set(lorasOf(servedAs))]
    if (all.length === 0) continue
    const list = { loras: all.slice(0, MAX_LORAS_OF_MODEL), ...(all.length > MAX_LORAS_OF_MODEL && { more: true }) }
    const key = JSON.stringify(list)
    const group = groups.get(key) ?? { models: [], ...list }
    groups.set(key, group)
    group.models.push(id)
  }
  const [lists, beyond] = [[...groups.values()], [...groups.values()].slice(MAX_LORA_GROUPS - 1)]
  if (lists.length <= MAX_LORA_GROUPS) return lists
  // Models without room for lists of their own have LoRAs all the same.
  return [
    ...lists.slice(0, MAX_LORA_GROUPS - 1),
    { models: beyond.flatMap(({ models }) => models), loras: [], more: true }
  ]
}

/** Whether there is something new in what is to be told; free memory alone is nothing new. */
export function isSameInventory(one: ServiceInventory, other: ServiceInventory): boolean {
  const lasting = ({ memory, ...same }: ServiceInventory) => JSON.stringify({ ...same, total: memory?.total })
  return lasting(one) === lasting(other)
}
