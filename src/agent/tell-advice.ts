import type { Logger } from '../lib/logger.ts'
import { explainServer } from './explain-server.ts'

/** What tells whoever runs an agent how more would work with the image server of a service, the same once. */
export function createAdvising(
  logger: Logger
): (service: string, advice: { url: string | undefined; text: string }) => void {
  const told = new Map<string, string>()
  return (service, { url, text }) => {
    if (told.get(service) === text) return
    told.set(service, text)
    logger.info({ service }, `${service}: ${explainServer({ url, text })}`)
  }
}
