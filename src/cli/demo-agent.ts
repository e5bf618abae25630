import type { Agent } from '../agent/run-agent.ts'
import type { Gateway } from '../app/gateway.ts'
import { DEMO_KEY_NAME } from '../auth/server-keys.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { startListening } from '../db/listen.ts'
import { FEATURES } from '../images/image-request.ts'
import { inBackground, sleep } from '../lib/async.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { Logger } from '../lib/logger.ts'

export interface DemoAgent {
  /** Whether it serves, or would as soon as its connection is back. */
  readonly isHere: boolean
  /** Finishes what it makes for at most this long, hands the rest back, and does not come again. */
  leave(withinMs: number): Promise<void>
}

type Parts = Pick<Gateway, 'context' | 'url'> & { logger: Logger }
/** The agent under one of its keys, of which each connects once. */
type Turn = { agent: Agent; keyId: string }

/**
 * Connects the demo agent, a machine of this admin or, where none is here, of the next one. When its admin is shut out or gone it comes
 * back under whoever is an admin then, as soon as somebody is; when its key was revoked, at the server's next start alone. Resolves when
 * it is online, or when it is known that nobody is an admin. Throws `GatewayRefused`.
 */
export async function startDemoAgent(parts: Parts & Pick<Gateway, 'admin'>): Promise<DemoAgent> {
  const { admin, logger } = parts
  const closing = new AbortController()
  const { signal } = closing
  let turn = admin && (await beginTurn(parts, admin.id))
  await turn?.agent.online

  const keep = async () => {
    while (!signal.aborted) {
      if (turn) {
        const goesOn = await endTurn(turn, parts)
        turn = undefined
        if (!goesOn) return
      }
      const next = await nextAdmin(parts, signal)
      if (next === undefined) return
      turn = await beginTurn(parts, next)
      // Whoever had it leave meanwhile has not seen this one.
      if (signal.aborted) return turn.agent.stop()
      inBackground(
        // At the level at which its end was told, so that no log ends with that.
        turn.agent.online.then(() => logger.warn('The demo agent is back: there is an admin.')),
        // Its turn tells why it ended.
        () => undefined
      )
    }
  }
  const kept = keep()
  inBackground(kept, (error) => logger.error({ err: error }, 'the demo agent stopped'))
  return {
    get isHere() {
      return turn !== undefined
    },
    leave: async (withinMs) => {
      closing.abort()
      const done = new AbortController()
      await Promise.race([turn?.agent.drain(), sleep(withinMs, done.signal).catch(() => undefined)])
      done.abort()
      await turn?.agent.stop()
      // The gateway has heard then that it leaves; what went wrong in it was logged.
      await kept.catch(() => undefined)
    }
  }
}

/** It connects like any other agent, with a key that is made anew each time and kept nowhere. */
async function beginTurn({ context, url, logger }: Parts, userId: string): Promise<Turn> {
  const { secret, id } = await context.apiKeys.replace({ userId, name: DEMO_KEY_NAME, scopes: ['agent'] })
  // With all its engines; a gateway without the demo has none.
  const { runAgent } = await import('../agent/run-agent.ts')
  const stepTime = `${context.config.demoStepTimeMs}ms`
  const agent = runAgent({ logger, config: demoConfig({ gateway: url, apiKey: secret, stepTime }) })
  // Its turn ends with that.
  agent.finished.catch(() => undefined)
  return { agent, keyId: id }
}

const demoConfig = ({
  stepTime,
  ...connection
}: {
  gateway: string
  apiKey: string
  stepTime: string
}): AgentConfig => ({
  ...connection,
  name: 'demo',
  services: [
    {
      name: 'painter',
      type: 'image',
      engine: 'demo',
      description: 'Procedural painter for demonstrations: no weights, no AI.',
      concurrency: 2,
      prefetch: 1,
      timeoutMs: 240_000,
      access: 'members',
      models: [{ id: 'demo', servedAs: 'demo', features: [...FEATURES] }],
      options: { step_time: stepTime }
    }
  ]
})

/** Waits for its end, and tells whether another turn may follow: where its key ended with its admin. */
async function endTurn({ agent, keyId }: Turn, { context, logger }: Parts): Promise<boolean> {
  let wasOnline = false
  // One that was stopped before is never online, and does not fail either.
  const noteOnline = () => {
    wasOnline = true
  }
  agent.online.then(noteOnline, () => undefined)
  const end = await agent.finished.then(
    () => undefined,
    (error: unknown) => ({ error })
  )
  await agent.stop()
  if (!end) return false
  const { GatewayRefused } = await import('../agent/gateway-link.ts')
  if (!(end.error instanceof GatewayRefused)) throw end.error
  const key = await context.apiKeys.find(keyId)
  if (key && key.user_deleted_at === null && key.revoked_at !== null) {
    logger.warn("The demo agent stopped: its key was revoked. The server's next start gives it another.")
    return false
  }
  // One that was never let in with a key that counts would not be the next time.
  if (key && key.user_disabled_at === null && !wasOnline) throw end.error
  logger.warn('The demo agent stopped: its admin is shut out or gone. It comes back as soon as there is an admin.')
  return true
}

/** The id of whoever has been an admin here longest, as soon as there is one; undefined when the signal has aborted. */
async function nextAdmin({ context }: Parts, signal: AbortSignal): Promise<string | undefined> {
  // Whom the command line lets in is heard of, too; those who join by a link are found by looking.
  const news = startListening(context.database.bell, { topic: 'keys', everyMs: MINUTE_MS, signal })
  try {
    while (!signal.aborted) {
      const admin = news.takeChange() ? await context.users.findFirstAdmin() : undefined
      if (admin) return admin.id
      await news.news()
    }
    return undefined
  } finally {
    news.close()
  }
}
