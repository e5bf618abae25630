import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DemoAgent, startDemoAgent } from '../../src/cli/demo-agent.ts'
import { DEMO_KEY_NAME } from '../../src/auth/server-keys.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let demo: DemoAgent
let log: string[]

beforeEach(async () => {
  log = []
  gateway = await startTestGateway()
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) })
  demo = await startDemoAgent({ ...gateway.gateway, logger })
})
afterEach(async () => {
  await demo.leave(100)
  await gateway.close()
})

const ownersOnline = () => gateway.gateway.context.registry.sessions().map(({ principal }) => principal.userId)
const demoKeys = async () => (await gateway.gateway.context.apiKeys.list()).filter(({ name }) => name === DEMO_KEY_NAME)

it('goes on under another admin when its own is shut out in the dashboard, and has one key a turn', async () => {
  const { context, admin } = gateway.gateway
  expect(ownersOnline()).toEqual([admin?.id])
  const mara = await gateway.addPerson({ role: 'admin' })
  const first = admin?.id ?? ''

  await context.people.change({ userId: first, by: mara.id, change: { disabled: true } })
  await waitFor(() => ownersOnline()[0] === mara.id)
  await context.people.change({ userId: first, by: mara.id, change: { disabled: false } })
  expect(ownersOnline()).toEqual([mara.id])
  expect(await demoKeys()).toHaveLength(2)
  expect(log.join('')).toContain('its admin is shut out or gone')
})

it('waits while nobody is an admin, without a try, and comes back with the one who is let in', async () => {
  const { context, admin } = gateway.gateway
  const userId = admin?.id ?? ''
  await context.people.change({ userId, by: null, change: { disabled: true }, mayLeaveNone: true })
  await waitFor(() => !demo.isHere)
  const [key] = await demoKeys()
  // Whatever else happens to keys lets no admin in.
  await gateway.addUser()
  expect(await demoKeys()).toEqual([key])

  await context.people.change({ userId, by: null, change: { disabled: false } })
  await waitFor(() => ownersOnline()[0] === userId)
})

it('stays away when somebody has revoked its key', async () => {
  const { context } = gateway.gateway
  const [key] = await demoKeys()
  await context.apiKeys.revoke(key?.id ?? '')
  await waitFor(() =>
    log.some((line) => line.includes("its key was revoked. The server's next start gives it another."))
  )
  await gateway.addUser({ role: 'admin' })
  expect(demo.isHere).toBe(false)
  expect(ownersOnline()).toEqual([])
})

it('leaves while it waits for an admin', async () => {
  const { context, admin } = gateway.gateway
  await context.people.change({ userId: admin?.id ?? '', by: null, change: { disabled: true }, mayLeaveNone: true })
  await waitFor(() => !demo.isHere)
  await demo.leave(100)
  await context.people.change({ userId: admin?.id ?? '', by: null, change: { disabled: false } })
  expect(ownersOnline()).toEqual([])
})

it('leaves also before it is online again', async () => {
  const { context, admin } = gateway.gateway
  const userId = admin?.id ?? ''
  await context.people.change({ userId, by: null, change: { disabled: true }, mayLeaveNone: true })
  await waitFor(() => !demo.isHere)
  await context.people.change({ userId, by: null, change: { disabled: false } })
  while (!demo.isHere) await setImmediate()
  expect(ownersOnline()).toEqual([])
  await demo.leave(100)
  expect(ownersOnline()).toEqual([])
})
