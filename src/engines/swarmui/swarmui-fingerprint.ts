import { type Fingerprint, isPictureFile } from '../fingerprint.ts'
import type { FoundModel } from '../inventory.ts'
import { members } from '../upstream-text.ts'
import { parseModels, parseSession, type ServerModel } from './swarmui-api.ts'
import { SWARMUI } from './swarmui-description.ts'
import { tokenCookie } from './swarmui-http.ts'

/** SwarmUI by its sessions, without which it tells nothing. */
export const fingerprintSwarm: Fingerprint = async (look) => {
  const ask = async (headers: Record<string, string>) =>
    members((await look.post('/API/GetNewSession', {}, headers))?.json)
  const open = await ask({})
  const wantsAccount = /^invalid or unauthorized/i.test(String(open.error))
  const headers = wantsAccount && look.heldKey !== undefined ? { cookie: tokenCookie(look.heldKey) } : {}
  const session = parseSession(open) ?? parseSession(await ask(headers))
  if (!session) {
    if (!wantsAccount) return undefined
    return {
      engine: SWARMUI,
      server: 'SwarmUI',
      models: [],
      wantsKey: true,
      note: 'It wants an account: its key is a token, which is made in its User tab.'
    }
  }
  const body = { session_id: session.id, path: '', depth: 20, subtype: 'Stable-Diffusion' }
  const list = await look.post('/API/ListModels', body, headers)
  const models = modelsOf(parseModels(members(list?.json)) ?? [])
  return {
    engine: SWARMUI,
    server: session.version === '' ? 'SwarmUI' : `SwarmUI ${session.version}`,
    models,
    ...(models.length === 0 && { note: 'It lists no model that makes images.' })
  }
}

/** Those of its models that make pictures. */
export const modelsOf = (listed: readonly ServerModel[]): FoundModel[] => listed.filter(makesPictures).map(toModel)

const makesPictures = ({ name, kind }: ServerModel): boolean => isPictureFile(name) && isPictureFile(kind)

const toModel = ({ name }: ServerModel): FoundModel => ({
  servedAs: name,
  name: name.replace(/^.*\//, '').replace(/\.(?:safetensors|sft|gguf|ckpt)$/i, '')
})
