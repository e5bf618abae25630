import { isWord, type KnownExtras, number, whole } from '../caller-extras.ts'
import { refuseReserved } from '../engine-options.ts'

/** Those of the adapter, or of the caller alone; and what would send pictures elsewhere or keep them. */
const RESERVED = [
  'session_id',
  'prompt',
  'negativeprompt',
  'model',
  'images',
  'batchsize',
  'seed',
  'width',
  'height',
  'aspectratio',
  'sidelength',
  'rawresolution',
  'altresolutionheightmultiplier',
  'initimage',
  'maskimage',
  'promptimages',
  'loras',
  'loraweights',
  'donotsave',
  'continueaftererrors',
  'forwardrawbackenddata',
  'forwardswarmdata'
]

/** Reads the option `parameters`. Throws `EngineOptionError` for what is not the owner's to set there. */
export function readSwarmParameters(mapping: Record<string, unknown> = {}): Record<string, unknown> {
  refuseReserved(mapping, RESERVED)
  return mapping
}

/** Fields beside the common ones that change nothing but the picture, with what their values may be. */
export const KNOWN_EXTRAS: KnownExtras = {
  clip_skip: { isFit: whole(1, 24) },
  distilled_guidance: { isFit: number(0, 100), to: 'fluxguidancescale' },
  scheduler: { isFit: isWord },
  sigma_shift: { isFit: number(0, 100), to: 'sigmashift' }
}

/** No other goes to the server, whatever the service lets through: its parameters name files, webhooks and the cost. */
export const NEVER_SENT = /^/
