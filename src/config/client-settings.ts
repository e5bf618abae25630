import { resolve } from 'node:path'
import { isSet, SERVER } from './config.ts'

export interface ClientSettings {
  url: string
  isUrlSet: boolean
  apiKey: string | undefined
  /** Of an image server that `doctor` and `agent --init` look at. */
  imageServerKey: string | undefined
  /** Where a gateway of this machine would have its data. */
  dataDir: string
}

/** Where commands that call a gateway find it. */
export const loadClientSettings = (env: NodeJS.ProcessEnv = process.env): ClientSettings => ({
  url: env.INFERENCE_CLUB_URL?.trim() || 'http://127.0.0.1:8080',
  isUrlSet: (env.INFERENCE_CLUB_URL?.trim() ?? '') !== '',
  apiKey: env.INFERENCE_CLUB_API_KEY?.trim() || undefined,
  imageServerKey: env.INFERENCE_CLUB_IMAGE_SERVER_KEY?.trim() || undefined,
  dataDir: resolve(isSet(SERVER.dataDir, env) ? (env[SERVER.dataDir.variable] ?? '').trim() : SERVER.dataDir.fallback)
})
