import { Command, Option } from 'commander'
import { LOG_LEVELS, type LogLevel } from '../lib/logger.ts'

export function agentCommand(): Command {
  return new Command('agent')
    .description('Connect the image servers of this machine to a gateway. SIGHUP re-reads the file.')
    .requiredOption('--config <file>', 'the agent.yaml that names the gateway and the services')
    .addOption(new Option('--log-level <level>').choices(LOG_LEVELS).default('info'))
    .action(async (options: { config: string; logLevel: LogLevel }) => {
      const { serveAgent } = await import('./serve-agent.ts')
      await serveAgent(options.config, options.logLevel)
    })
}
