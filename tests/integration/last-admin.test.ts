import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runProgram, type RunningServer, startServer } from '../support/run-program.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let folder: string
const servers: RunningServer[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-last-admin-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop('SIGKILL')))
  await rm(folder, { recursive: true })
})

async function start(): Promise<RunningServer> {
  const server = await startServer({ cwd: folder, args: ['--demo'], env: {} })
  servers.push(server)
  return server
}

it('the only admin of an installation is shut out by force alone, and no other is invented at the next start', async () => {
  const club = (...args: string[]) => runProgram(args, { cwd: folder })
  const stateOf = async () =>
    (await club('users', 'list')).stdout.split('\n').map((line) => line.split('\t').slice(0, 4))
  const first = await start()
  const refused = await club('users', 'disable', 'admin@localhost')
  expect(refused).toEqual({
    code: 1,
    stdout: '',
    stderr:
      "This is the last admin. Make somebody else an admin first. --force shuts admin@localhost out all the same: nobody is an admin then until 'users enable admin@localhost'.\n"
  })
  expect(await stateOf()).toContainEqual(['admin@localhost', 'Admin', 'admin', 'active'])

  expect(await club('users', 'disable', 'admin@localhost', '--force')).toMatchObject({ code: 0, stderr: '' })
  await waitFor(() => first.output().includes('The demo agent stopped: its admin is shut out or gone.'))
  expect(first.output()).not.toMatch(/"stack"|Connect a machine/)
  expect((await first.stop()).code).toBe(0)

  const second = await start()
  expect(second.output()).toContain('Every admin is shut out.')
  expect(second.output()).not.toContain('Claim')
  await second.stop()
  expect(await stateOf()).toEqual([
    ['EMAIL', 'NAME', 'ROLE', 'STATE'],
    ['admin@localhost', 'Admin', 'admin', 'shut out'],
    ['']
  ])

  expect((await club('keys', 'create')).stderr).toBe(
    'No admin is here whom a key could be for: name somebody with --user.\n'
  )
  expect((await club('users', 'enable', 'admin@localhost')).code).toBe(0)
  expect((await start()).output()).toContain('Claim this installation')
}, 120_000)

it('the demo painter comes back to a server that runs, with each admin whom the command line lets in or adds', async () => {
  const club = (...args: string[]) => runProgram(args, { cwd: folder })
  const times = (server: RunningServer, words: string) => server.output().split(words).length - 1
  const isGone = (server: RunningServer, time: number) =>
    waitFor(() => times(server, 'It comes back as soon as there is an admin.') === time)
  const isBack = (server: RunningServer, time: number) =>
    waitFor(() => times(server, 'The demo agent is back: there is an admin.') === time, 10_000)
  const first = await start()
  const key = /Your API key[^:]*: (\S+)/.exec(first.output())?.[1] ?? ''
  const models = async () =>
    (await fetch(`${first.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).text()

  expect((await club('users', 'disable', 'admin@localhost', '--force')).code).toBe(0)
  await isGone(first, 1)
  expect((await club('users', 'enable', 'admin@localhost')).code).toBe(0)
  await isBack(first, 1)
  expect(await models()).toContain('"demo"')

  expect((await club('users', 'disable', 'admin@localhost', '--force')).code).toBe(0)
  await isGone(first, 2)
  expect((await club('users', 'add', 'mara@example.org', '--role', 'admin')).code).toBe(0)
  await isBack(first, 2)
  expect((await first.stop()).code).toBe(0)

  expect((await club('users', 'disable', 'mara@example.org', '--force')).code).toBe(0)
  const second = await start()
  expect(second.output()).toContain('Every admin is shut out.')
  expect((await club('users', 'enable', 'admin@localhost')).code).toBe(0)
  await isBack(second, 1)
  expect((await second.stop()).code).toBe(0)
}, 120_000)

it('an admin who can sign in is shut out only when another one can', async () => {
  const gateway = await startTestGateway()
  try {
    const club = (...args: string[]) => runProgram(args, { env: { INFERENCE_CLUB_DATA_DIR: gateway.dataDir } })
    const disable = async (email: string) => (await club('users', 'disable', email)).code
    const [olga, mara] = [await gateway.addPerson({ role: 'admin' }), await gateway.addPerson()]
    // There is the one of the first start, too, as whom nobody can sign in.
    const { code, stderr } = await club('users', 'disable', olga.email)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('the last admin who can sign in') })
    expect(await disable('admin@localhost')).toBe(0)
    // Members, and who is shut out already, are none whom anybody needs.
    expect([await disable(mara.email), await disable('admin@localhost')]).toEqual([0, 0])
    const peer = await gateway.addPerson({ role: 'admin' })
    expect([await disable(olga.email), await disable(peer.email)]).toEqual([0, 1])
  } finally {
    await gateway.close()
  }
}, 60_000)
