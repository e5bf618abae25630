import { type Static, Type } from 'typebox'
import { Count, Name } from './bounded.ts'

/** Bytes of the JSON of one inventory: agents cut their lists to it, and gateways keep nothing larger. */
export const MAX_INVENTORY_BYTES = 64 * 1024
export const MAX_FOUND_MODELS = 200
export const MAX_FOUND_LORAS = 300
/** Of a file: folders count. */
export const MAX_FOUND_NAME_CHARS = 200
export const MAX_LORAS_OF_MODEL = 200
const MAX_LORA_GROUPS = 50
const MAX_MODELS = 500
const MAX_NAMES_OF_MODEL = 20

const foundName = Name(MAX_FOUND_NAME_CHARS)
const bytes = Count(2 ** 52)

/** What the image server of a service has, as far as its owner lets it be told. */
export const ServiceInventory = Type.Object({
  type: Type.Literal('service.inventory'),
  service: Name(100),
  /** Files and models that make images, as the image server calls them; empty where the owner keeps them back. */
  models: Type.Array(
    Type.Object({
      name: foundName,
      bytes: Type.Optional(bytes),
      /** It lacks files without which it cannot be used. */
      incomplete: Type.Optional(Type.Boolean()),
      /** Models of the service that it serves. */
      serves: Type.Array(Name(200), { maxItems: MAX_NAMES_OF_MODEL })
    }),
    { maxItems: MAX_FOUND_MODELS }
  ),
  loras: Type.Array(foundName, { maxItems: MAX_FOUND_LORAS }),
  /** Its owner lets them be offered on the dashboard. */
  may_offer: Type.Optional(Type.Boolean()),
  /** Models and LoRAs that the lists have no room for. */
  more_models: Count(),
  more_loras: Count(),
  /** Of its graphics card, bytes. */
  memory: Type.Optional(Type.Object({ free: bytes, total: bytes })),
  /** LoRAs that callers may name with models of the service, by the names that they use. */
  usable_loras: Type.Array(
    Type.Object({
      models: Type.Array(Name(200), { maxItems: MAX_MODELS }),
      loras: Type.Array(foundName, { maxItems: MAX_LORAS_OF_MODEL }),
      /** There are more than the list has room for: the service may have one that is not in it. */
      more: Type.Optional(Type.Boolean())
    }),
    { maxItems: MAX_LORA_GROUPS }
  )
})
export type ServiceInventory = Static<typeof ServiceInventory>

export const inventoryBytes = (inventory: ServiceInventory): number => Buffer.byteLength(JSON.stringify(inventory))
