import type { Fingerprint } from '../fingerprint.ts'
import { adviseOnSockets } from '../passed-sockets.ts'
import { parseSystem } from './comfyui-api.ts'
import { COMFYUI } from './comfyui-description.ts'
import { SOCKET_PATH } from './comfyui-http.ts'
import { listModels } from './comfyui-inventory.ts'
import { createServerNodes } from './server-nodes.ts'

/** ComfyUI by its own facts and nodes: others imitate the calls that make pictures, and not these. */
export const fingerprintComfy: Fingerprint = async (look) => {
  const [stats, sampler] = await Promise.all([look.get('/system_stats'), look.get('/object_info/KSampler')])
  const server = stats?.status === 200 ? parseSystem(stats.json) : undefined
  if (server === undefined || !/"KSampler"/.test(sampler?.text ?? '')) return undefined
  const nodes = createServerNodes({
    get: async (path) => (await look.get(path)) ?? { status: 504, text: '', json: undefined }
  })
  const { signal } = new AbortController()
  const [found, advice] = await Promise.all([
    listModels(nodes, signal),
    adviseOnSockets((headers) => look.get(SOCKET_PATH, headers), signal)
  ])
  const models = found.filter(({ isIncomplete }) => !isIncomplete)
  return {
    engine: COMFYUI,
    server,
    models,
    ...advice,
    ...(models.length === 0 && { note: 'It has no model that can be used without a workflow of yours.' })
  }
}
