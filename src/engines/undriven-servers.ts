import type { Fingerprint } from './fingerprint.ts'
import { members } from './upstream-text.ts'

/** This product itself: a gateway must not be a service of its own. */
const recogniseGateway: Fingerprint = async (look) => {
  const { paths } = members((await look.get('/openapi.json'))?.json)
  if (!('/api/inference/assets/{id}/' in members(paths))) return undefined
  return { server: 'inference.club', models: [], note: 'This is a gateway of inference.club itself.' }
}

/** Servers of language models listen where image servers do, and speak another part of the same API. */
const recogniseText: Fingerprint = async (look) => {
  const [root, ollama, studio, models] = await Promise.all([
    look.get('/'),
    look.get('/api/version'),
    look.get('/api/v0/models'),
    look.get('/v1/models')
  ])
  const { data } = members(models?.json)
  const owners = (Array.isArray(data) ? (data as unknown[]) : []).map((model) => members(model).owned_by)
  const text = (server: string) => ({ server, models: [], note: `${server} makes no images.` })
  if (root?.text.startsWith('Ollama is running') && typeof members(ollama?.json).version === 'string') {
    return text('Ollama')
  }
  const isStudio = owners.includes('organization_owner') && Array.isArray(members(studio?.json).data)
  if (isStudio) return text('LM Studio')
  return owners.length > 0 && owners.every((owner) => owner === 'llamacpp') ? text('llama.cpp') : undefined
}

/** What listens where image servers do, and no engine drives. */
export const UNDRIVEN: readonly Fingerprint[] = [recogniseGateway, recogniseText]
