import type { Feature } from '../../images/image-request.ts'
import type { Fingerprint } from '../fingerprint.ts'
import type { FoundModel } from '../inventory.ts'
import { type Capabilities, parseCapabilities } from './sdcpp-api.ts'
import { SDCPP } from './sdcpp-description.ts'

const FEATURES: readonly Feature[] = ['generate', 'edit', 'mask', 'negative_prompt', 'seed']
/** For a server that does not tell its model: any name will do. */
const NAMELESS = 'stable-diffusion.cpp'

/** Its one model, if it makes images. */
export const modelsOf = ({ model, makesImages }: Capabilities): FoundModel[] =>
  makesImages ? [{ servedAs: model.name || NAMELESS, name: model.stem || NAMELESS, features: FEATURES }] : []

/** stable-diffusion.cpp's server by its own API; older builds, which lack it, are known by OpenAI's. */
export const fingerprintSdcpp: Fingerprint = async (look) => {
  const answer = await look.get('/sdcpp/v1/capabilities')
  const capabilities = answer?.status === 200 ? parseCapabilities(answer.text) : undefined
  if (!capabilities) return undefined
  const { makesImages } = capabilities
  return {
    engine: SDCPP,
    server: 'stable-diffusion.cpp',
    models: modelsOf(capabilities),
    ...(!makesImages && { note: 'Its model makes videos alone.' })
  }
}
