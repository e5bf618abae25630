import { fingerprintAutomatic1111 } from './automatic1111/automatic1111-fingerprint.ts'
import { fingerprintComfy } from './comfyui/comfyui-fingerprint.ts'
import type { Recognised } from './fingerprint.ts'
import { fingerprintOpenAI, fingerprintSdServer } from './openai/openai-fingerprint.ts'
import { fingerprintSdcpp } from './sdcpp/sdcpp-fingerprint.ts'
import { fingerprintInvoke } from './invokeai/invokeai-fingerprint.ts'
import { lookAtServer, type LookOptions, type Seen } from './server-look.ts'
import { fingerprintSwarm } from './swarmui/swarmui-fingerprint.ts'
import { UNDRIVEN } from './undriven-servers.ts'

/** The special before the general: many servers imitate the API of others beside their own. */
const FINGERPRINTS = [
  ...UNDRIVEN,
  fingerprintSwarm,
  fingerprintInvoke,
  fingerprintSdcpp,
  fingerprintSdServer,
  fingerprintAutomatic1111,
  fingerprintComfy,
  fingerprintOpenAI
] as const

/**
 * Asks what answers at an address: everything that it can be taken for, the best first. Ports say nothing, for all kinds
 * of servers share them.
 */
export async function identifyServer(options: LookOptions): Promise<Seen<Recognised[]>> {
  const seen = await lookAtServer(options, (look) => Promise.all(FINGERPRINTS.map((fingerprint) => fingerprint(look))))
  return { ...seen, result: (seen.result ?? []).filter((one) => one !== undefined) }
}
