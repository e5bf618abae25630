import { getEventListeners, once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { freePort } from '../../tests/support/free-port.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { watchServers } from './watch-servers.ts'

const servers = new Set<Server>()
const ends: AbortController[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) end.abort()
  await Promise.all([...servers].map(close))
})

/** Takes connections, and counts them; asked for anything it says nothing. */
async function listen(port = 0, host = '127.0.0.1') {
  let connections = 0
  const asked: Buffer[] = []
  const server = createServer((socket) => {
    connections += 1
    socket.on('data', (chunk: Buffer) => asked.push(chunk)).on('error', () => undefined)
  })
  servers.add(server)
  server.listen(port, host)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, connections: () => connections, asked }
}

async function close(server: Server): Promise<void> {
  servers.delete(server)
  server.close()
  await once(server, 'close')
}

/** What is told of servers that are watched as fast as can be. */
function watch(urls: Record<string, string>, isBusy: (service: string) => boolean = () => false) {
  const told: string[] = []
  const end = new AbortController()
  ends.push(end)
  const watching = watchServers({
    urls: new Map(Object.entries(urls)),
    everyMs: 5,
    isBusy,
    onGone: (service) => told.push(`${service} gone`),
    onBack: (service) => told.push(`${service} back`),
    signal: end.signal
  })
  return { told, watching, end }
}

it('a server that ends is told of, and once that it is back, without being asked anything', async () => {
  const first = await listen()
  const url = `http://user:word@127.0.0.1:${first.port}/v1`
  const { told } = watch({ a: url })
  await waitFor(() => first.connections() >= 2)
  expect(told).toEqual([])
  await close(first.server)
  await waitFor(() => told.length >= 2)
  const second = await listen(first.port)
  await waitFor(() => second.connections() >= 3)
  expect([...new Set(told)]).toEqual(['a gone', 'a back'])
  expect(told.filter((one) => one === 'a back')).toHaveLength(1)
  expect([...first.asked, ...second.asked]).toEqual([])
})

it('one whose service makes images is left in peace, one of another not', async () => {
  const [busy, idle] = [await listen(), await listen(0, '::1').catch(() => listen())]
  const address = idle.server.address() as AddressInfo
  const host = address.family === 'IPv6' ? '[::1]' : '127.0.0.1'
  const urls = { busy: `http://127.0.0.1:${busy.port}`, idle: `http://${host}:${idle.port}` }
  const { told } = watch(urls, (service) => service === 'busy')
  await waitFor(() => idle.connections() >= 3)
  expect([busy.connections(), told]).toEqual([0, []])
})

it('behind https nothing is watched', async () => {
  const { watching } = watch({ a: `https://127.0.0.1:${await freePort()}` })
  await watching
})

it('leaves nothing on its signal, however long it watches', async () => {
  const { port, connections } = await listen()
  const { told, end } = watch({ here: `http://127.0.0.1:${port}`, gone: `http://127.0.0.1:${await freePort()}` })
  await waitFor(() => connections() >= 10 && told.length >= 10)
  // Those of one round, and of the pause after it.
  expect(getEventListeners(end.signal, 'abort').length).toBeLessThanOrEqual(3)
})

it('ends with its signal, and tells nothing after it', async () => {
  const { told, watching, end } = watch({ a: `http://127.0.0.1:${await freePort()}` })
  await waitFor(() => told.length >= 1)
  end.abort()
  const before = told.length
  await watching
  expect(told).toHaveLength(before)
})
