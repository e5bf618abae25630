import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadAgentConfig } from '../../src/config/agent-config.ts'
import { ENGINES } from '../../src/engines/engine-descriptions.ts'
import { OPENAI } from '../../src/engines/openai/openai-description.ts'
import { keySnippets } from '../../web/src/features/keys/key-snippets.ts'
import { connectCommand, EMPTY_MACHINE, FIND_OUT, questionsOf } from '../../web/src/features/network/connect-command.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { ROOT, startProgram } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const run = promisify(execFile)

let gateway: TestGateway
let upstream: FakeOpenAIServer
let user: TestUser
let folder: string
let repository: string
let server: Server
/** An empty home, another one for each test. */
let home: string

beforeAll(async () => {
  gateway = await startTestGateway()
  upstream = await startFakeOpenAIServer()
  user = await gateway.addUser({ scopes: ['generate', 'agent'] })
  folder = await mkdtemp(join(tmpdir(), 'inference-club-lines-'))
  await makeRepository(join(folder, 'club.git'))
  server = await serveFiles(folder)
  repository = `http://127.0.0.1:${(server.address() as AddressInfo).port}/club.git`
  await mkdir(join(folder, 'bin'))
  // What is there already in place of what npm would fetch.
  const npm = `#!/bin/sh\n[ "$*" = ci ] || exit 1\necho npm ci\nexec ln -sfn '${ROOT}/node_modules' node_modules\n`
  await writeFile(join(folder, 'bin', 'npm'), npm)
  await chmod(join(folder, 'bin', 'npm'), 0o755)
})
beforeEach(async () => {
  home = await mkdtemp(join(folder, 'home of-'))
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
  server.close()
  await rm(folder, { recursive: true })
})

/** This checkout as it stands, committed or not, as a repository that is read over plain HTTP. */
async function makeRepository(path: string): Promise<void> {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const git = (...args: string[]) => run('git', args, { env: { ...env, GIT_DIR: path }, cwd: ROOT })
  await git('init', '--quiet', '--bare', '--initial-branch=main')
  await git('--work-tree', ROOT, 'add', '--all')
  const who = ['-c', 'user.name=Nobody', '-c', 'user.email=nobody@example.org']
  await git(...who, '--work-tree', ROOT, 'commit', '--quiet', '--message', 'As it stands')
  await git('repack', '-a', '-d', '--quiet')
  await git('update-server-info')
}

const serveFiles = (root: string): Promise<Server> =>
  new Promise((resolve) => {
    const started = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? '/', 'http://x').pathname)
      readFile(join(root, path)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end()
      )
    }).listen(0, '127.0.0.1', () => resolve(started))
  })

/** Pastes lines, and then the keys that they ask for, into a shell on a machine that has git and npm, and nothing of ours; `where` below its home. */
const paste = (lines: string, { where = '.', shell = 'sh', keys = [user.key] } = {}) =>
  startProgram(['-c', lines], {
    program: shell,
    isGroup: true,
    input: keys.map((key) => `${key}\n`).join(''),
    cwd: join(home, where),
    env: { HOME: home, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` }
  })

async function makesImages(model: string): Promise<void> {
  const answer = await gateway.call('/v1/images/generations', { key: user.key, json: { model, prompt: 'a fox' } })
  expect([answer.status, await answer.json()]).toMatchObject([200, { data: [{ url: expect.any(String) as string }] }])
}

const keyModeOf = async (name: string) => (await stat(join(home, 'inference.club', name))).mode & 0o777

describe('the lines that a page shows, pasted on a bare machine whose npm ci is replaced', () => {
  it('of “Connect a machine” end in an agent that makes images, and once more where the program is there, within it, too', async () => {
    const machine = { ...EMPTY_MACHINE, name: 'Attic rig', engine: 'demo' }
    const lines = connectCommand(machine, { gateway: gateway.url, repository })
    for (const [where, clones] of [
      ['.', true],
      ['.', false],
      // Where the first ones left the shell.
      ['inference.club', false]
    ] as const) {
      const agent = paste(lines, { where })
      await agent.printed(/"models":\["demo"\],"msg":"online"/)
      expect(agent.output()).toContain('npm ci')
      expect(agent.output().includes('Cloning into')).toBe(clones)
      expect(await keyModeOf('attic-rig.key')).toBe(0o600)
      await makesImages('demo')
      await agent.stop('SIGINT')
      await expect(stat(join(home, 'inference.club', 'inference.club'))).rejects.toThrow('ENOENT')
    }
  })

  it.each(['sh', 'bash'])('stop at the first that fails, and leave no key anywhere: %s', async (shell) => {
    const linesFrom = (from: string | null) => [
      ...['demo', 'openai', FIND_OUT].map((engine) =>
        connectCommand(
          { ...EMPTY_MACHINE, name: 'rig', engine, model: 'flux', serverKey: 'sk-1' },
          { gateway: gateway.url, repository: from }
        )
      ),
      keySnippets({ scopes: ['agent'], baseUrl: gateway.url, repository: from })[0]?.code ?? ''
    ]
    const unclonable = linesFrom(`${repository}.none`)
    for (const lines of [...unclonable, ...linesFrom(null)]) {
      expect(lines).not.toMatch(/ic_\w|sk-/)
      const pasted = paste(lines, { shell, keys: [user.key, 'sk-1'] })
      expect(await pasted.ended).not.toBe(0)
      expect(pasted.output()).toMatch(/not found|No such file/)
      expect(await readdir(home)).toEqual([])
    }
    // A folder of that name that is something else: npm has nothing to install there.
    await mkdir(join(home, 'inference.club'))
    const env = { HOME: home, PATH: process.env.PATH }
    for (const lines of unclonable.slice(-1)) {
      await expect(run(shell, ['-c', `echo ic_x | { ${lines}\n}`], { cwd: home, env })).rejects.toThrow('npm')
      expect(await readdir(join(home, 'inference.club'))).toEqual([])
    }
  })

  it.each([
    ['sh', 'Enter alone', ['']],
    ['bash', 'Enter alone', ['']],
    ['sh', 'the end of the input', []],
    ['bash', 'the end of the input', []],
    ['sh', 'what is no key', ['sk-1']]
  ])('stop where no key of the gateway was pasted, before anything is fetched: %s, %s', async (shell, _what, keys) => {
    const lines = [
      ...['demo', FIND_OUT].map((engine) =>
        connectCommand({ ...EMPTY_MACHINE, name: 'rig', engine }, { gateway: gateway.url, repository })
      ),
      keySnippets({ scopes: ['agent'], baseUrl: gateway.url, repository })[0]?.code ?? ''
    ]
    await mkdir(join(home, 'bin'))
    await writeFile(join(home, 'bin', 'inference-club'), '#!/bin/sh\necho began\n', { mode: 0o755 })
    for (const name of ['rig.key', 'agent.key']) await writeFile(join(home, name), 'one that works')
    for (const one of lines) {
      const pasted = paste(one, { shell, keys })
      expect(await pasted.ended).not.toBe(0)
      expect(pasted.output()).not.toMatch(/npm ci|Cloning|began/)
      if (keys.length > 0) expect(pasted.output()).toContain('That is no API key of the gateway')
    }
    expect((await readdir(home)).sort()).toEqual(['agent.key', 'bin', 'rig.key'])
    for (const name of ['rig.key', 'agent.key']) expect(await readFile(join(home, name), 'utf8')).toBe('one that works')
  })

  it('of a new key for agents find the image server, named here since it listens elsewhere, and make images', async () => {
    const snippets = keySnippets({ scopes: ['agent'], baseUrl: gateway.url, repository })
    expect(snippets.map(({ id }) => id)).toEqual(['agent'])
    const agent = paste(`${snippets[0]?.code} --server ${upstream.url}`)
    const [, model = ''] = await agent.printed(/"models":\["([^"]+)".*"msg":"online"/)
    expect(await keyModeOf('agent.key')).toBe(0o600)
    await makesImages(model)
    await agent.stop('SIGINT')
  })
})

it.each(questionsOf({ engine: 'openai', profile: '' }).profiles)(
  'what they write of a server that was chosen is what an agent reads: $value',
  ({ value: profile, features }) => {
    const machine = { ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux', profile }
    const lines = connectCommand(machine, { gateway: gateway.url, repository: null })
    const [, file = ''] = /<<'EOF' &&\n(.*)\nEOF/s.exec(lines) ?? []
    const text = file.replace('api_key_file: rig.key', 'api_key: ic_x')
    const [service] = loadAgentConfig({ text, path: 'rig.yaml', engines: ENGINES }).services
    expect(service?.options).toEqual({ profile })
    expect(service?.models[0]?.features).toEqual(features ?? OPENAI.usualFeatures)
  }
)
