import { fingerprintAutomatic1111 } from './automatic1111/automatic1111-fingerprint.ts'
import { fingerprintComfy } from './comfyui/comfyui-fingerprint.ts'
import type { Recognised } from './fingerprint.ts'
import { fingerprintOpenAI } from './openai/openai-fingerprint.ts'
import { fingerprintSdcpp } from './sdcpp/sdcpp-fingerprint.ts'
import { lookAtServer, type LookOptions, type Seen } from './server-look.ts'
import { UNDRIVEN } from './undriven-servers.ts'

/** The special before the general: many servers imitate the API of others beside their own. */
const FINGERPRINTS = [
  ...UNDRIVEN,
  fingerprintSdcpp,
  fingerprintAutomatic1111,
  fingerprintComfy,
  fingerprintOpenAI
] as const

/** Asks what answers at an address. Ports say nothing: all kinds of servers share them. */
export const identifyServer = (options: LookOptions): Promise<Seen<Recognised | undefined>> =>
  lookAtServer(options, async (look) => {
    const recognised = await Promise.all(FINGERPRINTS.map((fingerprint) => fingerprint(look)))
    return recognised.find((one) => one !== undefined)
  })
