import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { createServices } from '../../src/agent/agent-services.ts'
import type { ServiceState } from '../../src/agent/server-finding.ts'
import { ServiceProbes } from '../../src/agent/service-probes.ts'
import { type Closing, ENGINES, startServerOf } from '../support/engine-servers.ts'
import { type Stage, startStagedServer } from '../support/staged-server.ts'
import { agentConfig } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const open: Closing[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const LISTS = {
  fine: ['paint', 'other'],
  'model missing': ['other', 'another'],
  'another alone': ['other']
}
const FAULTS = [
  ...(['gone', 'nobody behind', 'a page', 'a sign-in', 'another program', 'no such route'] as const),
  ...(['key refused', 'failing', 'busy', 'unreadable', 'hanging'] as const)
]
type Kind = keyof typeof LISTS | (typeof FAULTS)[number]

/** Each kind from each other, in one walk that ends where it begins. */
function walk(kinds: readonly Kind[]): Kind[] {
  const pairs = kinds.flatMap((one, index) => kinds.slice(index + 1).flatMap((other) => [one, other]))
  return [...pairs, kinds[0]!]
}

const TIMES = { firstPauseMs: 5, longestPauseMs: 20, lookEveryMs: 10, lookAtListEveryMs: 10, watchEveryMs: 10 }

/** What an agent knows of an image server, and what its terminal says. */
function watch(engine: string, url: string) {
  const said: string[] = []
  const models = [{ id: 'paint', servedAs: 'paint', features: ['generate' as const] }]
  const config = agentConfig({
    gateway: 'http://club.test',
    key: 'k',
    name: 'rig',
    services: [{ engine, url, models }]
  })
  const services = createServices(config, { maxImageBytes: 1_000_000 })
  const told: ServiceState[] = []
  const probes = new ServiceProbes({
    onState: (state) => told.push(state),
    onInventory: () => undefined,
    isBusy: () => false,
    logger: pino({}, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) }),
    // On a busy machine an answer may take a while, and whoever was slow once is given more time.
    times: { ...TIMES, withinMs: 1000 }
  })
  probes.start(services)
  const close = async () => {
    probes.close()
    for (const { engine: used } of services.values()) await used?.close?.()
  }
  open.push({ close })
  return { probes, close, last: () => plain({ state: told.at(-1), said: said.at(-1) }) }
}

/** Which of its models is loaded or was missing, whether it was there before, and how exactly it is away is another matter. */
function plain({ state, said }: { state: ServiceState | undefined; said: string | undefined }) {
  const line = said
    ?.replace(/(image server answers).*/, '$1')
    .replace(/(cannot be reached|closed the connection without an answer) \(connection.*/, 'is gone')
  const text = state?.text.replace(/(cannot be reached|closed the connection without an answer)\./, 'is gone')
  return { said: line, state: state && { ...state, text, loaded: undefined, missing: undefined } }
}

it.each(ENGINES)(
  'each fault of a server of %s takes the place of each other one',
  async (engine) => {
    const stages = new Map<Kind, Stage>(FAULTS.map((kind) => [kind, kind]))
    for (const [kind, models] of Object.entries(LISTS)) {
      if (engine === 'sdcpp' && kind === 'model missing') continue
      const server = await startServerOf[engine](models)
      open.push(server)
      stages.set(kind as Kind, new URL(server.url))
    }
    const server = await startStagedServer()
    open.push(server)
    /** What an agent says that was started just now. */
    const fresh = new Map<Kind, ReturnType<typeof plain>>()
    for (const [kind, stage] of stages) {
      await server.show(stage)
      const { close, last } = watch(engine, server.url)
      fresh.set(kind, await waitFor(() => (last().state ? last() : undefined)))
      await close()
    }
    expect(new Set([...fresh.values()].map(({ said }) => said)).size).toBeGreaterThanOrEqual(6)

    const { probes, last } = watch(engine, server.url)
    let before: Kind | undefined
    for (const kind of walk([...stages.keys()])) {
      await server.show(stages.get(kind)!)
      // What goes wrong while all is well is seen when an image fails; where its list is looked at without need, by that as well.
      const isLookedAt = engine === 'openai' && before === 'fine' && kind !== 'hanging'
      const isDoubted = last().state?.state === 'ok' && !isLookedAt
      await waitFor(() => {
        if (isDoubted) probes.check('service-0')
        return isDeepStrictEqual(last(), fresh.get(kind))
      }).catch(() => undefined) // Told next.
      expect(last(), `${kind} after ${before}`).toEqual(fresh.get(kind))
      before = kind
    }
  },
  60_000
)
