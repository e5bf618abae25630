import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ENGINES } from '../../src/engines/engine-descriptions.ts'
import { alike, startAnswering } from '../support/answering-server.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { freePort } from '../support/free-port.ts'
import { runProgram, startProgram } from '../support/run-program.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

/** As an address spells it. */
const SIGN_IN = 'owner:ge%40heim-77'
/** Each form in which it could be told. */
const SECRETS = ['heim-77', Buffer.from('owner:ge@heim-77').toString('base64')]
const expectKept = (what: string, text: string) => {
  expect(text, what).not.toBe('')
  for (const secret of SECRETS) expect(text, what).not.toContain(secret)
}
const signedIn = (url: string) => url.replace('//', `//${SIGN_IN}@`)

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'inference-club-url-secrets-'))))
afterEach(() => rm(folder, { recursive: true }))

const path = () => join(folder, 'agent.yaml')
const modeOf = async () => (await stat(path())).mode & 0o777
const club = (args: readonly string[]) => runProgram(args, { cwd: folder })

const PAGE = '<html><body><h1>Not here</h1></body></html>'

/** What goes wrong where an image server should be, and what repeats what it was sent. */
const FAULTS: Record<string, RequestListener> = {
  'asks-password': alike(401, '{"detail":"no"}', { 'www-authenticate': 'Basic realm="x"' }),
  'refuses-key': alike(401, '{"error":{"message":"no"}}'),
  forbids: alike(403, PAGE),
  'bad-gateway': alike(502, PAGE),
  redirects: alike(302, '', { location: '/in' }),
  page: alike(200, PAGE),
  resets: ({ socket }) => void socket.resetAndDestroy(),
  echoes: ({ headers: { authorization = '' } }, response) => {
    const decoded = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
    const message = `You are ${authorization}, that is ${decoded} or ${SIGN_IN}`
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }))
  }
}

/** A server that lists its model, and fails so when it is to make an image. */
const failingAtWork =
  (model: string, fault: RequestListener): RequestListener =>
  (request, response) => {
    if (request.method !== 'GET') return fault(request, response)
    alike(200, JSON.stringify({ data: [{ id: model }] }), { 'content-type': 'application/json' })(request, response)
  }

describe('the password in the url of a service', () => {
  it('is in nothing that an agent says at any level, nor in what the gateway hears, whatever goes wrong', async () => {
    let gatewayLog = ''
    const logger = pino({ level: 'trace' }, { write: (line: string) => void (gatewayLog += line) })
    const gateway = await startTestGateway({ logger, env: { INFERENCE_CLUB_LIMITS_SERVICES_PER_PROVIDER: '100' } })
    onTestFinished(() => gateway.close())
    const owner = await gateway.addUser({ scopes: ['agent', 'generate'] })
    const engines = ENGINES.filter(({ takes }) => takes.includes('url'))
    const places = [
      ['refused', `http://127.0.0.1:${await freePort()}`],
      ['unnamed', 'http://nowhere.invalid:9223'],
      ...(await Promise.all(Object.entries(FAULTS).map(async ([name, fault]) => [name, await startAnswering(fault)])))
    ] as [string, string][]
    const away = engines.flatMap(({ name: engine }) =>
      places.map(([fault, url]) => ({
        ...{ name: `${engine}-${fault}`, type: 'image', engine, url: signedIn(url) },
        models: [{ id: `${engine}-${fault}` }]
      }))
    )
    const atWork = await Promise.all(
      Object.entries(FAULTS).map(async ([fault, answer]) => {
        const name = `work-${fault}`
        const url = await startAnswering(failingAtWork(name, answer))
        return { ...{ name, type: 'image', engine: 'openai', url: signedIn(url) }, models: [{ id: name }] }
      })
    )
    const config = { gateway: gateway.url, api_key: owner.key, name: 'rig', services: [...away, ...atWork] }
    await writeFile(path(), JSON.stringify(config))
    await chmod(path(), 0o644)
    const agent = startProgram(['agent', '--config', 'agent.yaml', '--log-level', 'trace'], { cwd: folder })
    onTestFinished(async () => void (await agent.stop('SIGKILL')))
    await agent.printed(/"online"/)
    const jobs = await Promise.all(
      atWork.map(async ({ name }) => {
        const answer = await gateway.call('/v1/images/generations', {
          ...{ key: owner.key, method: 'POST' },
          json: { model: name, prompt: 'a fox', size: '64x64', async: true }
        })
        return ((await answer.json()) as { id: string }).id
      })
    )
    const isTold = ({ name }: { name: string }) => agent.output().includes(`"service":"${name}","msg"`)
    const isFailed = ({ name }: { name: string }) => agent.output().includes(`${name}: an image was not made`)
    await waitFor(() => away.every(isTold) && atWork.every(isFailed), 30_000)
    // Read again with a mistake in an address.
    await writeFile(path(), JSON.stringify(config).replaceAll('http://owner', 'http//owner'))
    agent.process.kill('SIGHUP')
    await agent.printed(/configuration was not taken over/)

    expectKept('the log of the agent', agent.output())
    expect(agent.output()).toContain("Others on this machine can read the gateway's key, the password in ")
    const cookie = await gateway.signIn(owner)
    const seen = async (at: string) => (await gateway.call(at, { headers: { cookie } })).text()
    const network = await seen('/api/dashboard/network')
    expect(network).toContain('comfyui-refused')
    expectKept('the network', network)
    const { providers } = JSON.parse(network) as { providers: { id: string }[] }
    expectKept('the machine', await seen(`/api/dashboard/network/providers/${providers[0]!.id}`))
    for (const id of jobs) {
      expectKept('a job', await (await gateway.call(`/v1/jobs/${id}`, { key: owner.key })).text())
    }
    expectKept('the log of the gateway', gatewayLog)
    const { stdout, stderr } = await club(['doctor', 'agent.yaml', ...places.map(([, url]) => signedIn(url))])
    expectKept('doctor, of a file with mistakes', stdout)
    expectKept('doctor, of a file with mistakes', stderr)
    await writeFile(path(), JSON.stringify(config))
    const right = await club(['doctor', 'agent.yaml'])
    expect(right.stderr).toContain('comfyui-echoes')
    expectKept('doctor', right.stdout + right.stderr)
  }, 60_000)

  it.each([
    ['doctor', '--write'],
    ['agent', '--init', '--no-start', '--server']
  ])('is told by none of the changes of a file, which becomes its owner’s alone with it: %s', async (...command) => {
    const server = await startFakeOpenAIServer({ knownModels: ['flux-dev'] })
    onTestFinished(() => server.close())
    const old = `http://127.0.0.1:${await freePort()}`
    await writeFile(join(folder, 'key'), 'ic_theOwnersSecretKey', { mode: 0o600 })
    const head = 'gateway: http://127.0.0.1:9\napi_key_file: key\nname: rig\nservices:\n'
    const service = `{name: a, type: image, engine: openai, url: "${old}", models: [{id: flux-dev}]}`
    const demo = '{name: a, type: image, engine: demo, models: [{id: demo}]}'
    for (const [written, change] of [
      [service, `a: url is ${server.url.replace('//', '//…@')} now`],
      [demo, 'openai is added: flux-dev']
    ] as const) {
      await writeFile(path(), `${head}  - ${written}\n`)
      await chmod(path(), 0o644)
      const { stdout, stderr } = await club([...command, signedIn(server.url)])
      expect(stdout).toContain(change)
      expectKept('its output', stdout + stderr)
      expect(stdout).not.toContain('WARNING Others')
      expect(await readFile(path(), 'utf8')).toContain(signedIn(server.url))
      expect(await modeOf()).toBe(0o600)
    }
  })

  it('is what doctor warns of in a file that others can read', async () => {
    const server = await startFakeOpenAIServer({ knownModels: ['flux-dev'] })
    onTestFinished(() => server.close())
    const head = 'gateway: http://127.0.0.1:9\napi_key: ${INFERENCE_CLUB_API_KEY:-ic_x}\nname: rig\nservices:\n'
    const service = `{name: a, type: image, engine: openai, url: "${signedIn(server.url)}", models: [{id: flux-dev}]}`
    await writeFile(path(), `${head}  - ${service}\n`)
    const warning =
      "WARNING Others on this machine can read the gateway's key and the password in a's url in agent.yaml: chmod 600 makes it yours alone.\n"
    for (const [mode, isWarned] of [
      [0o644, true],
      [0o600, false]
    ] as const) {
      await chmod(path(), mode)
      const { code, stdout } = await club(['doctor', 'agent.yaml'])
      expect({ code, isWarned: stdout.includes(warning) }).toEqual({ code: 0, isWarned })
    }
  })

  it('is not repeated of what is no address', async () => {
    const { code, stderr } = await club(['agent', '--init', '--server', 'http://owner:ge/heim-77@gpu'])
    expect(code).toBe(2)
    expect(stderr).toContain("error: --server 'http://…@gpu' is no address")
  })
})
