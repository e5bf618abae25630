import { Command } from 'commander'
import { loadConfig } from '../config/config.ts'
import { renderConfigurationHelp } from '../config/render-configuration.ts'

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the gateway: the API, and with --demo a demo agent that serves the model `demo`.')
    .option('--demo', 'connect the demo agent unless INFERENCE_CLUB_DEMO says otherwise')
    .addHelpText('after', () => `\nEnvironment variables:\n${renderConfigurationHelp()}`)
    .action(async (options: { demo?: boolean }) => {
      const config = loadConfig()
      // Loaded when needed: commands that only call the API start several times as fast without it.
      const { serveGateway } = await import('./serve-gateway.ts')
      await serveGateway(config, { withDemo: config.demo ?? options.demo ?? false })
    })
}
