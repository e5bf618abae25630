import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { type ProgramOptions, PROGRAM, runInShell, startProgram, startServer } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let server: TestGateway
let user: TestUser
let folder: string
let options: ProgramOptions

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-readers-'))
  server = await startTestGateway()
  user = await server.addUser()
  await server.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  const env = { INFERENCE_CLUB_DATA_DIR: server.dataDir, INFERENCE_CLUB_URL: server.url, INFERENCE_CLUB_API_KEY: user.key } // prettier-ignore
  options = { cwd: folder, env }
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

/** Runs it to its end, while nobody reads one of its streams from the beginning. */
const runUnread = (stream: 'stdout' | 'stderr', args: readonly string[]) => {
  const program = startProgram(args, options)
  program.process[stream]?.destroy()
  return program.ended
}

describe('a command of whose results nobody reads', () => {
  /** As a shell tells that SIGPIPE ended `cat`. */
  const QUIETLY = { code: 141, stderr: '' }

  it.each(['users list', 'keys list', 'providers list', '--help', 'serve --help', 'agent --help', 'users --help'])(
    'ends quietly: %s',
    async (line) => {
      expect(await runUnread('stdout', line.split(' '))).toMatchObject(QUIETLY)
    }
  )

  it('ends quietly: doctor', async () => {
    const fake = await startFakeOpenAIServer()
    expect(await runUnread('stdout', ['doctor', fake.url])).toMatchObject(QUIETLY)
    await fake.close()
  })

  it('does all the same what it was asked for', async () => {
    expect(await runUnread('stdout', ['generate', 'two foxes', '-n', '2', '-o', 'fox.png'])).toMatchObject(QUIETLY)
    for (const name of ['fox-1.png', 'fox-2.png']) expect((await stat(join(folder, name))).size).toBeGreaterThan(0)
    expect(await runUnread('stdout', ['export', '-o', 'all.zip'])).toMatchObject(QUIETLY)
    expect((await stat(join(folder, 'all.zip'))).size).toBeGreaterThan(0)
  })

  it('ends as a wrong call, or one that came to nothing, where it is one', async () => {
    expect(await runUnread('stdout', ['users', 'list', '--nope'])).toMatchObject({ code: 2 })
    expect(await runUnread('stdout', ['generate', 'a fox', '--model', 'nope', '-o', 'x.png'])).toMatchObject({
      code: 1
    })
  })
})

it('what nobody reads of standard error changes nothing', async () => {
  expect(await runUnread('stderr', ['generate', 'a fox', '-o', 'unread.png'])).toMatchObject({ code: 0, stdout: 'unread.png\n' }) // prettier-ignore
  expect(await runUnread('stderr', ['keys', 'create', '--user', user.email, '--name', 'k'])).toMatchObject({ code: 0 })
  expect(await runUnread('stderr', ['generate', 'a fox', '--model', 'nope', '-o', 'x.png'])).toMatchObject({ code: 1 })
  expect(await runUnread('stderr', ['users', 'list', '--nope'])).toMatchObject({ code: 2 })
})

it.skipIf(!existsSync('/dev/full'))('says in a line that its results cannot be written', async () => {
  const ended = await runInShell(`'${PROGRAM}' users list >/dev/full`, options)
  expect(ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The output could not be written: ENOSPC.*\n$/)
  })
})

it('a gateway goes on when nobody reads what it says, and stops in order', async () => {
  const home = await mkdtemp(join(tmpdir(), 'inference-club-readers-'))
  const gateway = await startServer({ cwd: home, env: { INFERENCE_CLUB_LOG_LEVEL: 'debug' } })
  for (const stream of ['stdout', 'stderr'] as const) gateway.process[stream]?.destroy()
  for (let calls = 0; calls < 3; calls++) expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401)
  expect(await gateway.stop()).toMatchObject({ code: 0 })
  await rm(home, { recursive: true })
})

it('an agent goes on when nobody reads what it says, and stops in order', async () => {
  const file = { gateway: server.url, api_key: user.key, name: 'unread', services: [] as object[] }
  file.services.push({ name: 'a', type: 'image', engine: 'demo', models: [{ id: 'unread', served_as: 'demo' }] })
  await writeFile(join(folder, 'agent.yaml'), JSON.stringify(file), { mode: 0o600 })
  const agent = startProgram(['agent'], options)
  await agent.printed(/"online"/)
  for (const stream of ['stdout', 'stderr'] as const) agent.process[stream]?.destroy()
  for (let reloads = 0; reloads < 2; reloads++) agent.process.kill('SIGHUP')
  const json = { model: 'unread', prompt: 'a fox', size: '32x32' }
  expect((await server.call('/v1/images/generations', { key: user.key, json })).status).toBe(200)
  expect(await agent.stop()).toMatchObject({ code: 0 })
})
