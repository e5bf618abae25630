import { AUTOMATIC1111 } from './automatic1111/automatic1111-description.ts'
import { COMFYUI } from './comfyui/comfyui-description.ts'
import { DEMO } from './demo/demo-description.ts'
import type { EngineDescription } from './engine-description.ts'
import { INVOKEAI } from './invokeai/invokeai-description.ts'
import { OPENAI } from './openai/openai-description.ts'
import { SDCPP } from './sdcpp/sdcpp-description.ts'
import { SWARMUI } from './swarmui/swarmui-description.ts'

/** Every engine there is, in the order in which people are offered them. */
export const ENGINES: readonly EngineDescription[] = [COMFYUI, AUTOMATIC1111, SWARMUI, INVOKEAI, SDCPP, OPENAI, DEMO]
