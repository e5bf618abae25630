import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { type Agent, type AgentOptions, runAgent } from '../../src/agent/run-agent.ts'
import { type Gateway, startGateway } from '../../src/app/gateway.ts'
import type { AgentConfig, AgentServiceConfig } from '../../src/config/agent-config.ts'
import { type Config, loadConfig } from '../../src/config/config.ts'
import type { Database } from '../../src/db/database.ts'
import { FEATURES } from '../../src/images/image-request.ts'
import type { SteadyClock } from '../../src/lib/clock.ts'
import type { EdgeLimits } from '../../src/lib/edge-limits.ts'
import { newId } from '../../src/lib/ids.ts'
import { type Logger, silentLogger } from '../../src/lib/logger.ts'
import type { NewApiKey } from '../../src/auth/api-keys.ts'
import { createPasswords } from '../../src/people/passwords.ts'
import type { Role } from '../../src/lib/principal.ts'

import { trustEverybody } from './trust-everybody.ts'

export interface TestUser {
  id: string
  email: string
  key: string
  keyId: string
  /** Signs the webhooks of what is asked for with the key. */
  webhookSecret: string
  client: OpenAI
}

/** Somebody who is signed in to the dashboard. */
export interface TestPerson {
  id: string
  name: string
  email: string
  password: string
  /** For the header `cookie`. */
  cookie: string
}

type KeyOptions = Partial<Omit<NewApiKey, 'userId' | 'secret'>>

export interface TestGateway {
  url: string
  dataDir: string
  gateway: Gateway
  database: Database
  /** Makes somebody of their own with a key and a client of the official SDK (no retries). */
  addUser(options?: { role?: Role } & KeyOptions): Promise<TestUser>
  /** Makes somebody of their own who is signed in, without a key. */
  addPerson(options?: { role?: Role; name?: string; emailVerified?: boolean }): Promise<TestPerson>
  /** Signs somebody in as with a browser of their own, whether or not they have a password; answers the header `cookie`. */
  signIn(user: { id: string }): Promise<string>
  /** Another key of somebody. */
  addKey(user: Pick<TestUser, 'id'>, options?: KeyOptions): Promise<{ key: string; keyId: string; client: OpenAI }>
  /**
   * Connects an agent over the real WebSocket and waits until it is online; closed with the gateway. Unless `probing` says
   * so it does not look at its image servers by itself, so that tests can count the calls that come to them.
   */
  addAgent(agent: {
    key: string
    name?: string
    services: Partial<AgentServiceConfig>[]
    probing?: AgentOptions['probing']
    createEngine?: AgentOptions['createEngine']
  }): Promise<Agent>
  /** `fetch` below the gateway's URL, with a key when one is given. */
  call(path: string, init?: RequestInit & { key?: string; json?: unknown }): Promise<Response>
  /** Waits until no task is waiting or running. */
  drain(): Promise<void>
  close(): Promise<void>
}

let users = 0
const PASSWORD = 'correct horse battery'
// Hashed once and for all: it is slow on purpose.
const passwordHash = () => (hashed ??= createPasswords().hash(PASSWORD))
let hashed: Promise<string> | undefined

/** The real gateway in process: port 0, a folder of its own, real SQLite. `env` holds configuration variables. */
export async function startTestGateway(
  options: {
    env?: Record<string, string>
    dataDir?: string
    syncFile?: (fd: number) => Promise<void>
    /** Providers begin as they do outside of tests, instead of being trusted at once. */
    strangers?: boolean
    logger?: Logger
    edge?: Partial<EdgeLimits>
    clock?: SteadyClock
  } = {}
): Promise<TestGateway> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'inference-club-')))
  const config: Config = loadConfig({
    INFERENCE_CLUB_PORT: '0',
    INFERENCE_CLUB_DATA_DIR: dataDir,
    INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '500ms',
    // Tests call faster than anybody else.
    INFERENCE_CLUB_RATE_LIMIT: '0',
    // Nor do most wait for what fails on purpose; the waits are tested with a clock that tests move.
    INFERENCE_CLUB_LIMITS_RETRY_DELAY: '0s',
    ...options.env
  })
  const onFatal = (error: unknown) => {
    throw error
  }
  const gateway = await startGateway({
    config,
    logger: options.logger ?? silentLogger(),
    onFatal,
    ...(options.edge && { edge: options.edge }),
    ...(options.clock && { clock: options.clock }),
    ...(options.syncFile && { syncFile: options.syncFile })
  })
  const { context, url } = gateway
  if (options.strangers !== true) await trustEverybody(context.database.db)
  const agents: Agent[] = []

  const addKey = async (user: { id: string }, options: KeyOptions = {}) => {
    const { secret, id, webhookSecret } = await context.apiKeys.create({ userId: user.id, name: 'test', ...options })
    const client = new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, maxRetries: 0 })
    return { key: secret, keyId: id, webhookSecret, client }
  }

  const signIn = async ({ id }: { id: string }) => {
    const user = await context.database.db
      .selectFrom('users')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const base = context.config.publicUrl ?? url
    const { cookies } = await context.people.beginSession(user, { base, address: '127.0.0.1', headers: {} })
    return cookies.map((cookie) => cookie.split(';')[0]).join('; ')
  }

  return {
    url,
    dataDir,
    gateway,
    database: context.database,
    addUser: async ({ role = 'member', ...key } = {}) => {
      const email = `user-${++users}@example.org`
      const user = await context.users.addUser({ email, name: email, role })
      if (!user) throw new Error('the user was not made')
      return { id: user.id, email, ...(await addKey(user, key)) }
    },
    addPerson: async ({ role = 'member', name, emailVerified = true } = {}) => {
      const email = `person-${++users}@example.org`
      const person = await context.users.addUser({ email, name: name ?? email, role, emailVerified })
      if (!person) throw new Error('the person was not made')
      const { id, created_at, updated_at } = person
      await context.database.db
        .insertInto('accounts')
        .values({
          id: newId('acc'),
          user_id: id,
          provider_id: 'credential',
          account_id: id,
          password: await passwordHash(),
          created_at,
          updated_at
        })
        .execute()
      return { id, name: person.name, email, password: PASSWORD, cookie: await signIn(person) }
    },
    signIn,
    addKey,
    addAgent: async ({ key, name = `agent-${agents.length}`, services, probing = 'off', createEngine }) => {
      const agent = runAgent({
        config: agentConfig({ gateway: url, key, name, services }),
        logger: silentLogger(),
        probing,
        ...(createEngine && { createEngine })
      })
      agent.finished.catch(() => undefined) // Tests that expect a refusal look at it themselves.
      agents.push(agent)
      await agent.online
      return agent
    },
    call: (path, { key, json, headers, ...init } = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        ...(json !== undefined && { method: init.method ?? 'POST', body: JSON.stringify(json) }),
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(headers as Record<string, string>)
        }
      }),
    drain: async () => {
      const isBusy = async () =>
        Object.values(await context.requestViews.countUnfinished()).some((images) => images > 0)
      while (await isBusy()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    close: async () => {
      for (const agent of agents) await agent.stop()
      await gateway.close()
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true })
    }
  }
}

/** A configuration as `agent.yaml` would give it; services are the demo engine unless they say otherwise. */
export function agentConfig(agent: {
  gateway: string
  key: string
  name: string
  services: Partial<AgentServiceConfig>[]
}): AgentConfig {
  return {
    gateway: agent.gateway,
    apiKey: agent.key,
    name: agent.name,
    services: agent.services.map((service, index) => ({
      name: `service-${index}`,
      type: 'image',
      engine: 'demo',
      concurrency: 1,
      prefetch: 1,
      timeoutMs: 20_000,
      access: 'members' as const,
      models: [{ id: 'demo', servedAs: 'demo', features: [...FEATURES] }],
      options: service.engine === undefined || service.engine === 'demo' ? { step_time: '0ms' } : {},
      ...service
    }))
  }
}
