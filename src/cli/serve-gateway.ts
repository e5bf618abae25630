import { isIP } from 'node:net'
import { type Gateway, startGateway } from '../app/gateway.ts'
import { invitationUrl } from '../people/invitations.ts'
import type { Config } from '../config/config.ts'
import { DataDirInUse } from '../db/data-dir-lock.ts'
import { findGatewayAddress } from '../db/gateway-address.ts'
import { exportKey } from '../lib/ask-for-key.ts'
import { createLogger, type Logger } from '../lib/logger.ts'
import { ownAddresses } from '../lib/own-addresses.ts'
import { ownCommand } from '../lib/own-command.ts'
import { CommandFailed } from './command-failed.ts'
import { startDemoAgent } from './demo-agent.ts'
import { explainDataDir } from './installation.ts'
import { stopSignals } from './stop-signals.ts'
import { surviveRejections } from './survive-rejections.ts'

/** Runs a gateway until a signal stops it. Throws `CommandFailed` when it cannot start. */
export async function serveGateway(config: Config, { withDemo }: { withDemo: boolean }): Promise<void> {
  const logger = createLogger(config.logLevel)
  const signals = stopSignals(() => process.exit(1))
  surviveRejections(logger)
  const gateway = await startOrExplain(config, logger)
  const demoLogger = logger.child({ agent: 'demo' })
  const demo = withDemo ? await startDemoAgent({ ...gateway, logger: demoLogger }) : undefined
  const knowsKey = await isKeyKnown(gateway)
  const claimLink = await claimLinkOf(gateway)
  await gateway.context.database.durable()
  process.stdout.write(greeting(gateway, { hasDemo: demo?.isHere === true, knowsKey, claimLink }))
  await signals.first
  process.stdout.write('Stopping: running work is finished or kept for the next start. Again to stop at once.\n')
  // It is about to lose its gateway, which goes on purpose.
  demoLogger.level = 'silent'
  await gateway.close(demo?.leave(config.limits.drainTimeoutMs))
}

async function startOrExplain(config: Config, logger: Logger): Promise<Gateway> {
  const onFatal = (error: unknown) => {
    logger.fatal({ err: error }, 'the database cannot be written safely any more; the server stops')
    process.exit(1)
  }
  try {
    return await startGateway({ config, logger, onFatal })
  } catch (error) {
    const running = error instanceof DataDirInUse ? await findGatewayAddress(config.dataDir) : undefined
    throw running ? new CommandFailed(alreadyRunning(running.url, config.dataDir)) : explainStart(error, config)
  }
}

const alreadyRunning = (url: string, dataDir: string): string =>
  `Another gateway is running on ${dataDir}, at ${url}. Stop it, or set INFERENCE_CLUB_DATA_DIR.`

function explainStart(error: unknown, config: Config): unknown {
  const { host, port } = config
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return new CommandFailed(`Port ${port} on ${host} is taken. Stop what uses it, or set INFERENCE_CLUB_PORT.`)
  }
  if (syscall === 'listen' && (code === 'EACCES' || code === 'EPERM')) {
    return new CommandFailed(`No permission to listen on ${host}:${port}. Set INFERENCE_CLUB_PORT.`)
  }
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') {
    return new CommandFailed(`This machine has no address ${host}. Set INFERENCE_CLUB_HOST.`)
  }
  return explainDataDir(error, config)
}

/** Whether the operator has a key that works: the one made now, or one of their own. */
async function isKeyKnown({ context, newKey }: Gateway): Promise<boolean> {
  const chosen = context.config.bootstrapApiKey
  if (newKey || chosen === undefined) return newKey !== undefined
  // It counts at the first start only: later the installation may have another one.
  return context.apiKeys.authenticate(chosen).then(
    () => true,
    () => false
  )
}

/** A link by which whoever reads the screen becomes the first admin; undefined once somebody can sign in as them. */
async function claimLinkOf({ context: { people, config }, admin, url }: Gateway): Promise<string | undefined> {
  if (!admin || (await people.canSignIn(admin.id))) return undefined
  const created = await people.invitations.offerAccount({ userId: admin.id, createdBy: null })
  return invitationUrl(config.publicUrl ?? addressForOthers({ host: config.host, url }) ?? url, created)
}

/** Where other machines reach a gateway that listens at all addresses: at one of them; undefined when they do not, or there is none. */
export function addressForOthers(
  { host, url }: { host: string; url: string },
  addresses: readonly string[] = ownAddresses()
): string | undefined {
  if (host !== '0.0.0.0' && host !== '::') return undefined
  const address = addresses.find((one) => isIP(one) === 4) ?? (host === '::' ? addresses[0] : undefined)
  if (address === undefined) return undefined
  const reached = new URL(url)
  reached.hostname = isIP(address) === 6 ? `[${address}]` : address
  return reached.origin + reached.pathname.replace(/\/$/, '')
}

function greeting(
  { url, admin, newKey, context }: Gateway,
  { hasDemo, knowsKey, claimLink }: { hasDemo: boolean; knowsKey: boolean; claimLink: string | undefined }
): string {
  const base = context.config.publicUrl ?? url
  const { publicUrl, host } = context.config
  const forOthers = publicUrl === undefined ? addressForOthers({ host, url }) : undefined
  const lines = ['', `  inference.club is running at ${base}`, `  API reference: ${base}/docs`]
  if (forOthers !== undefined) {
    lines.push(
      `  Other machines reach it at ${forOthers}: set INFERENCE_CLUB_PUBLIC_URL to the address that people are to use.`
    )
  }
  if (!admin) {
    lines.push(
      '',
      `  Every admin is shut out. \`${ownCommand} users list\` names them, \`users enable EMAIL\` lets one in again.`
    )
  }
  if (claimLink !== undefined) lines.push('', `  Claim this installation (once): ${claimLink}`)
  if (newKey) {
    // The operator's own choice needs no telling.
    const chosen = newKey.secret === context.config.bootstrapApiKey
    lines.push('', ...(chosen ? [] : [`  Your API key (shown once, keep it): ${newKey.secret}`]))
    lines.push(`  Your webhook secret (shown once, keep it): ${newKey.webhookSecret}`)
  }
  const body = JSON.stringify({ model: hasDemo ? 'demo' : 'MODEL', prompt: 'a red fox in the snow at sunrise' })
  lines.push('', hasDemo ? '  Try it:' : '  Connect an agent (see docs/agent.md), then:')
  lines.push(
    `    ${exportKey()} &&`,
    `    curl ${base}/v1/images/generations -H "Authorization: Bearer $INFERENCE_CLUB_API_KEY" -H "Content-Type: application/json" -d '${body}'`
  )
  if (!knowsKey) {
    lines.push('', `  (the key was shown at the first start; \`${ownCommand} keys create\` makes another)`)
  }
  return `${lines.join('\n')}\n\n`
}
