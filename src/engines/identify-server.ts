import { fingerprintAutomatic1111 } from './automatic1111/automatic1111-fingerprint.ts'
import { fingerprintComfy } from './comfyui/comfyui-fingerprint.ts'
import type { EngineError } from './engine.ts'
import { ENGINES } from './engine-descriptions.ts'
import type { Recognised } from './fingerprint.ts'
import { fingerprintOpenAI, fingerprintSdServer } from './openai/openai-fingerprint.ts'
import { fingerprintSdcpp } from './sdcpp/sdcpp-fingerprint.ts'
import { fingerprintInvoke } from './invokeai/invokeai-fingerprint.ts'
import { profileOfAddress } from './openai/recognise-profile.ts'
import { faultOfProxy } from './proxy-fault.ts'
import { lookAtServer, type LookOptions, type Seen, type ServerLook } from './server-look.ts'
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

export interface IdentifyOptions extends Pick<LookOptions, 'url' | 'headers' | 'signal'> {
  /** Of the service that names the address. */
  apiKey?: string
  /** The engine that this service names, which decides in which form its key may go to what is not recognised. */
  engine?: string
}

export interface Identified extends Seen<Recognised[]> {
  /** Where nothing was recognised: why no image server is reached there, for something stands before it. */
  fault?: EngineError
}

/**
 * Asks what answers at an address: everything that it can be taken for, the best first. Ports say nothing, for all kinds
 * of servers share them. The key is for those that want one: what is recognised without it gets it as it takes it, and what
 * lets nobody in gets it as a bearer, if that is how the engine of its service sends it.
 */
export async function identifyServer({ apiKey, engine, ...options }: IdentifyOptions): Promise<Identified> {
  const seen = await lookAtServer({ ...options, ...(apiKey !== undefined && { heldKey: apiKey }) }, recogniseAll)
  const { isLocked, ...all } = seen.result ?? { isLocked: false, found: [] }
  const isKnown = all.found.some((one) => one.engine !== undefined)
  if (apiKey === undefined || !isLocked || isKnown || !sendsBearer(engine)) return asIdentified(seen, all)
  const header = profileOfAddress(options.url)?.keyHeader
  const key = header === undefined ? { apiKey } : { headers: { ...options.headers, [header]: apiKey } }
  const { result } = await lookAtServer({ ...options, ...key }, recogniseAll)
  return asIdentified(seen, result ?? all)
}

interface All {
  found: Recognised[]
  fault?: EngineError | undefined
}

const asIdentified = ({ contact }: Seen<unknown>, { found, fault }: All): Identified => ({
  contact,
  result: found,
  ...(fault && found.length === 0 && { fault })
})

async function recogniseAll(look: ServerLook): Promise<All & { isLocked: boolean }> {
  const found = await Promise.all(FINGERPRINTS.map((fingerprint) => fingerprint(look)))
  // The one question that all are asked who are not known by anything else: what stands before it says so to each.
  const answer = await look.get('/v1/models')
  const fault = answer && faultOfProxy({ ...answer, body: answer.text })
  return { found: found.filter((one) => one !== undefined), fault, isLocked: look.isLocked() }
}

/** Whether the keys that an engine is given are bearers; of none, or one that there is not, it cannot be said. */
const sendsBearer = (engine: string | undefined): boolean =>
  ENGINES.some(({ name, takes, hasOwnKeys }) => name === engine && takes.includes('api_key') && !hasOwnKeys)

/** Whether a key that was written for the engine `from` may go to a server of the engine `to`. */
export const mayGetKey = (to: string, from: string | undefined): boolean => to === from || sendsBearer(from)
