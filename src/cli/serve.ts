import { Command } from 'commander'
import { loadConfig } from '../config/config.ts'
import { renderConfigurationHelp } from '../config/render-configuration.ts'

/** Which variable sets what somebody looked for among the options. */
export function variableOfOption(message: string): string | undefined {
  const [, flag = ''] = /unknown option '--([a-z][a-z-]{0,60})/.exec(message) ?? []
  const variable = `INFERENCE_CLUB_${flag.toUpperCase().replaceAll('-', '_')}`
  return flag !== '' && new RegExp(`^\\s*${variable}\\b`, 'm').test(renderConfigurationHelp()) ? variable : undefined
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the gateway: the API, and with --demo a demo agent that serves the model demo.')
    .option('--demo', 'connect the demo agent unless INFERENCE_CLUB_DEMO says otherwise')
    .addHelpText('after', () => `\nEnvironment variables:\n${renderConfigurationHelp()}`)
    .action(async (options: { demo?: boolean }) => {
      const config = loadConfig()
      // Loaded when needed: commands that only call the API start several times as fast without it.
      const { serveGateway } = await import('./serve-gateway.ts')
      await serveGateway(config, { withDemo: config.demo ?? options.demo ?? false })
    })
}
