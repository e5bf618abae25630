/**
 * The gateway that is fuzzed, in a process of its own: it may end, stand still or fill its memory without taking with it
 * whoever watches. Told what to do by messages of its parent, `fuzzed-gateway.ts`.
 */
import { pino } from 'pino'
import type { Scope } from '../../src/lib/principal.ts'
import { surviveRejections } from '../../src/cli/survive-rejections.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { noteRoutes, type Route } from './routes.ts'

export interface Told {
  url: string
  routes: Route[]
}

export interface Order {
  id: number
  /** What is to be done, and with what. */
  name: keyof Orders
  argument: unknown
}

/** Somebody with a key and a session. */
export interface FuzzCaller {
  id: string
  key: string
  keyId: string
  cookie: string
}

/** The model of the honest machine. */
const PAINTED = 'demo'

/** What the parent may ask for. */
const orders = (gateway: TestGateway) => ({
  addCaller: async (role: 'member' | 'admin'): Promise<FuzzCaller> => {
    const { id, cookie } = await gateway.addPerson({ role })
    const scopes: Scope[] = ['generate', 'usage', 'agent', ...(role === 'admin' ? (['admin'] as const) : [])]
    const { key, keyId } = await gateway.addKey({ id }, { scopes })
    return { id, key, keyId, cookie }
  },
  /** An honest machine. */
  addPainter: async () => {
    const { key } = await gateway.addUser({ role: 'admin' })
    await gateway.addAgent({ key, name: 'painter', services: [{ concurrency: 2 }] })
  },
  /** What runs once a minute or hour otherwise, and the bytes in use when all that is not has been collected. */
  settle: async () => {
    const { usage, requests, webhooks, people } = gateway.gateway.context
    await usage.rollUp()
    await requests.forgetKeys()
    await requests.expireWaiting()
    await webhooks.prune(new AbortController().signal)
    await people.dropExpired()
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      globalThis.gc?.()
    }
    // What one that hung up without a word was given is its own until its lease ends.
    const running = await gateway.database.db
      .selectFrom('tasks')
      .select('id')
      .where('state', '=', 'running')
      .where('model', '=', PAINTED)
      .execute()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return { heldBytes: heapUsed + arrayBuffers, running: running.length }
  }
})
export type Orders = ReturnType<typeof orders>

if (process.send) {
  const tell = (message: object) => void process.send?.(message)
  const logger = pino({ level: 'error' }, { write: (line: string) => tell({ fault: line }) })
  surviveRejections(logger)
  const { routes, stop } = noteRoutes()
  const gateway = await startTestGateway({
    logger,
    env: {
      INFERENCE_CLUB_REGISTRATION: 'open',
      INFERENCE_CLUB_LIMITS_MAX_IMAGES_PER_REQUEST: '3',
      INFERENCE_CLUB_LIMITS_MAX_PIXELS: '1048576',
      INFERENCE_CLUB_LIMITS_PROVIDERS_PER_USER: '10000',
      INFERENCE_CLUB_LIMITS_SIGN_IN_TRIES: '1000',
      INFERENCE_CLUB_LIMITS_WRONG_KEYS_PER_MINUTE: '1000000',
      // Whoever says that more comes and sends nothing is waited for no longer.
      INFERENCE_CLUB_LIMITS_SILENCE: '200ms'
    },
    edge: { headMs: 500, lookEveryMs: 100 },
    // Nothing is asked here of what survives a loss of power.
    syncFile: async () => undefined
  })
  stop()
  const does = orders(gateway)
  process.on('message', ({ id, name, argument }: Order) => {
    const work: Promise<unknown> = does[name](argument as never)
    work.then(
      (value) => tell({ id, value }),
      (error: unknown) => tell({ id, error: String(error) })
    )
  })
  process.once('disconnect', () => void gateway.close().finally(() => process.exit()))
  tell({ url: gateway.url, routes })
}
