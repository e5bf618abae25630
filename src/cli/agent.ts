import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { hideUrlSecrets } from '../lib/url-secrets.ts'
import { LOG_LEVELS, type LogLevel } from '../lib/logger.ts'
import { asUrl, USUAL_AGENT_FILE } from './doctor/place.ts'
import { wholeNumber } from './image-options.ts'

interface AgentCommandOptions {
  config?: string
  logLevel: LogLevel
  init?: true
  gateway?: string
  key?: string
  keyFile?: string
  name?: string
  server?: string[]
  access?: string
  imagesPerHour?: number
  imagesPerUserHour?: number
  start: boolean
}

export function agentCommand(): Command {
  return new Command('agent')
    .description(
      'Connect the image servers of this machine to a gateway. SIGHUP re-reads the file; closing its terminal ends it in order.'
    )
    .option('-c, --config <file>', `the file that names the gateway and the services (default: ${USUAL_AGENT_FILE})`)
    .addOption(
      new Option('--log-level <level>', 'what the agent says: this, and what is more urgent')
        .choices(LOG_LEVELS)
        .default('info')
    )
    .option(
      '--init',
      `find the image servers, write ${USUAL_AGENT_FILE} (or complete it), and start; asks for what is missing`
    )
    .option('--gateway <url>', 'with --init: the address of the gateway (default: INFERENCE_CLUB_URL)')
    .option('--key-file <file>', 'with --init: the file that holds the API key')
    .option('--key <key>', 'with --init: the API key (default: INFERENCE_CLUB_API_KEY, which others cannot see)')
    .option('--name <name>', 'with --init: what the gateway calls this machine (default: its host name)')
    .option('--server <url...>', 'with --init: where image servers are (default: the usual ports)')
    .option('--access <whom>', 'with --init: members, private, or e-mail addresses parted by commas')
    .option('--images-per-hour <n>', 'with --init: that others may have in all', wholeNumber)
    .option('--images-per-user-hour <n>', 'with --init: that each of them may have', wholeNumber)
    .option('--no-start', 'with --init: only write the file')
    .action(async (options: AgentCommandOptions, command: Command) => {
      if (options.init) await init(options, command)
      else if (options.config === undefined && !existsSync(USUAL_AGENT_FILE))
        command.error(
          `error: there is no ${USUAL_AGENT_FILE} here: --init finds the image servers and writes one, --config <file> names another`
        )
      if (options.init && !options.start) return
      const { serveAgent } = await import('./serve-agent.ts')
      await serveAgent(options.config ?? USUAL_AGENT_FILE, options.logLevel)
    })
}

async function init(options: AgentCommandOptions, command: Command): Promise<void> {
  const { config = USUAL_AGENT_FILE, gateway, key, keyFile, name, server = [], access } = options
  const { imagesPerHour, imagesPerUserHour } = options
  const wrong = server.find((url) => asUrl(url) === undefined)
  if (wrong !== undefined)
    command.error(`error: --server '${hideUrlSecrets(wrong)}' is no address such as http://127.0.0.1:8188`)
  if (key !== undefined && keyFile !== undefined) command.error('error: --key and --key-file exclude each other')
  const { initAgent, MissingOptions } = await import('./doctor/init-agent.ts')
  try {
    await initAgent({
      path: config,
      servers: server.map((url) => asUrl(url) ?? url),
      terms: {
        ...(access !== undefined && {
          access: access.includes('@') ? access.split(/[\s,]+/).filter((one) => one !== '') : access
        }),
        ...(imagesPerHour !== undefined && { imagesPerHour }),
        ...(imagesPerUserHour !== undefined && { imagesPerUserHour })
      },
      ...(gateway !== undefined && { gateway }),
      ...(key !== undefined && { key }),
      ...(keyFile !== undefined && { keyFile }),
      ...(name !== undefined && { name })
    })
  } catch (error) {
    if (error instanceof MissingOptions) command.error(`error: ${error.message}`)
    throw error
  }
}
