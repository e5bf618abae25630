import { createHash } from 'node:crypto'
import type { AgentConfig, AgentServiceConfig } from '../config/agent-config.ts'
import type { Engine } from '../engines/engine.ts'
import { createEngine, type EngineSettings } from '../engines/engine-registry.ts'
import type { ServiceDeclaration } from '../protocol/messages.ts'

/** A declared service with the engine that drives it; services of other types have none and are never given work. */
export interface AgentService {
  config: AgentServiceConfig
  engine: Engine | undefined
}

export type AgentServices = ReadonlyMap<string, AgentService>

/** `create` makes the engines that the services name. */
export function createServices(
  config: AgentConfig,
  { maxImageBytes, create = createEngine }: { maxImageBytes: number; create?: typeof createEngine | undefined }
): Map<string, AgentService> {
  return new Map(
    config.services.map((service) => [
      service.name,
      {
        config: service,
        engine:
          service.type === 'image'
            ? create(
                service.engine ?? '',
                settingsOf(service, {
                  maxImageBytes,
                  folder: config.folder ?? '.',
                  sender: senderOf(config, service.name)
                })
              )
            : undefined
      }
    ])
  )
}

/** A word for one service of one agent, the same in each of its lives; which it is it does not tell. */
export const senderOf = ({ gateway, name }: Pick<AgentConfig, 'gateway' | 'name'>, service: string): string =>
  createHash('sha256')
    .update(JSON.stringify([gateway, name, service]))
    .digest('hex')
    .slice(0, 24)

function settingsOf(
  service: AgentServiceConfig,
  more: { maxImageBytes: number; folder: string; sender: string }
): EngineSettings {
  return {
    ...(service.url !== undefined && { url: service.url }),
    ...(service.apiKey !== undefined && { apiKey: service.apiKey }),
    ...(service.headers && { headers: service.headers }),
    ...(service.downloadFrom && { downloadFrom: service.downloadFrom }),
    ...(service.maxPixels !== undefined && { maxPixels: service.maxPixels }),
    ...(service.multipleOf !== undefined && { multipleOf: service.multipleOf }),
    options: service.options,
    models: service.models.map(({ servedAs, options = {} }) => ({ servedAs, options })),
    ...more
  }
}

/** What the gateway is told: no URL, no upstream key, no upstream model name. */
export const declarationOf = ({ config, engine }: AgentService): ServiceDeclaration => ({
  name: config.name,
  type: config.type,
  ...(config.engine !== undefined && { engine: config.engine }),
  ...(config.description !== undefined && { description: config.description }),
  concurrency: config.concurrency,
  prefetch: config.prefetch,
  timeout_ms: config.timeoutMs,
  access: config.access,
  ...(config.imagesPerHour !== undefined && { images_per_hour: config.imagesPerHour }),
  ...(config.imagesPerUserHour !== undefined && { images_per_user_hour: config.imagesPerUserHour }),
  models: config.models.map(({ id, features, servedAs }) => ({
    id,
    features,
    ...weightsNumber({ config, engine }, servedAs)
  }))
})

/** Ids of the models that are loaded when those are that the image server calls `servedAs`. */
export function idsOfLoaded({ config, engine }: AgentService, isServedAs: (servedAs: string) => boolean): string[] {
  const weightsOf = (name: string) => engine?.weightsOf?.(name) ?? name
  const loaded = new Set(config.models.flatMap(({ servedAs }) => (isServedAs(servedAs) ? [weightsOf(servedAs)] : [])))
  return config.models.flatMap(({ id, servedAs }) => (loaded.has(weightsOf(servedAs)) ? [id] : []))
}

/** The first of the models that need the same to be loaded, when there are several. */
function weightsNumber({ config, engine }: AgentService, servedAs: string): { weights?: number } {
  const weightsOf = (name: string) => engine?.weightsOf?.(name) ?? name
  const same = config.models.flatMap((model, index) =>
    weightsOf(model.servedAs) === weightsOf(servedAs) ? [index] : []
  )
  const [first = 0] = same
  return same.length > 1 ? { weights: first } : {}
}
