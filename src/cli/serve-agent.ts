import { GatewayRefused } from '../agent/gateway-link.ts'
import { type Agent, type AgentOptions, runAgent } from '../agent/run-agent.ts'
import { type AgentConfig, readAgentConfigFile } from '../config/agent-config.ts'
import { EngineOptionError } from '../engines/engine-options.ts'
import { ENGINES } from '../engines/engine-descriptions.ts'
import { inBackground } from '../lib/async.ts'
import { cleanText } from '../lib/clean-text.ts'
import { createLogger, type Logger, type LogLevel } from '../lib/logger.ts'
import { CommandFailed } from './command-failed.ts'
import { stopSignals } from './stop-signals.ts'
import { surviveRejections } from './survive-rejections.ts'

async function readConfig(path: string, logger: Logger): Promise<AgentConfig> {
  const config = await readAgentConfigFile({ path, engines: ENGINES })
  for (const warning of config.warnings ?? []) logger.warn(warning)
  return config
}

/** Runs an agent until a signal stops it. Throws `CommandFailed` when the gateway will not have it. */
export async function serveAgent(
  path: string,
  level: LogLevel,
  options: Pick<AgentOptions, 'probing'> = {}
): Promise<void> {
  const logger = createLogger(level)
  const config = await readConfig(path, logger)
  const agent = startAgent(config, logger, options)
  const signals = stopSignals(() => process.exit(1), {
    onReload: () =>
      inBackground(reload(agent, path, logger), (error) => logger.error({ err: error }, 'a reload failed'))
  })
  surviveRejections(logger)
  const refused = agent.finished.catch((error: unknown) => {
    throw error instanceof GatewayRefused ? new CommandFailed(cleanText(error.message)) : error
  })
  await Promise.race([refused, signals.first])
  if (agent.isBusy) logger.info('finishing what runs; again to stop at once')
  await agent.drain()
}

function startAgent(config: AgentConfig, logger: Logger, options: Pick<AgentOptions, 'probing'>): Agent {
  let announced: AgentConfig | undefined
  const onOnline: AgentOptions['onOnline'] = (current, notMade) => {
    // What it offers is told when it is new, not each time the connection was lost.
    if (current === announced) return
    announced = current
    const { gateway, name, services } = current
    const isMade = (service: string, id: string) => notMade.get(service)?.includes(id) !== true
    const ids = (areMade: boolean) =>
      services.flatMap(({ name: service, models }) =>
        models.flatMap(({ id }) => (isMade(service, id) === areMade ? [id] : []))
      )
    const models = new Set(ids(true))
    const notNow = new Set(ids(false)).difference(models)
    logger.info({ gateway, name, models: [...models], ...(notNow.size > 0 && { not_now: [...notNow] }) }, 'online')
  }
  try {
    return runAgent({ config, logger, onOnline, ...options })
  } catch (error) {
    throw error instanceof EngineOptionError ? new CommandFailed(error.message) : error
  }
}

async function reload(agent: Agent, path: string, logger: Logger): Promise<void> {
  try {
    await agent.reload(await readConfig(path, logger))
    logger.info('the configuration was read again')
  } catch (error) {
    logger.error({ reason: (error as Error).message }, 'the configuration was not taken over; the old one stays')
  }
}
