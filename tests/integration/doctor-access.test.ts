import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { freePort } from '../support/free-port.ts'
import { runProgram } from '../support/run-program.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let revoked: TestUser
let folder: string
beforeAll(async () => {
  gateway = await startTestGateway()
  revoked = await gateway.addUser()
  await gateway.gateway.context.apiKeys.revoke(revoked.keyId)
})
afterAll(() => gateway.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-access-'))
})
afterEach(() => rm(folder, { recursive: true }))

const path = () => join(folder, 'agent.yaml')
const SERVICES = 'services:\n  - {name: a, type: image, engine: demo, models: [{id: demo}]}\n'

/** What `doctor` ends with for a file with this head, and whether it says that the file is right. */
async function doctor(head: string, ...more: string[]) {
  await writeFile(path(), `${head}\nname: rig\n${SERVICES}`, { mode: 0o600 })
  const { code, stdout, stderr } = await runProgram(['doctor', 'agent.yaml', ...more], { cwd: folder })
  const isRight = /agent\.yaml (?:is right|needs no change|can be used)/.test(stdout)
  return { code, isRight, stdout, stderr }
}
const headOf = (url: string, key = 'ic_theOwnersSecretKey') => `gateway: "${url}"\napi_key: ${key}`

const REVOKED =
  /^What is wrong in agent\.yaml:\n {2}This API key was revoked at \S+Z\. Take the command that 'Connect a machine' in the dashboard shows now, or put another key where the agent's file has it: its api_key, or the file that api_key_file names\.\n/

describe('doctor has the gateway judge the key of the file', () => {
  it('and says nothing of one that is let in, which need not be in the file itself', async () => {
    const { key } = await gateway.addUser()
    await writeFile(join(folder, 'key'), key, { mode: 0o600 })
    for (const head of [headOf(gateway.url, key), `gateway: ${gateway.url}\napi_key_file: key`]) {
      const { code, isRight, stdout, stderr } = await doctor(head)
      expect({ code, isRight, stderr }).toEqual({ code: 0, isRight: true, stderr: '' })
      expect(stdout).not.toMatch(/\bkey\b/)
    }
  })

  it.each([[[]], [['--write']], [['--try']]])(
    'and says of one that was revoked what the agent says: %j',
    async (more) => {
      const told = await doctor(headOf(gateway.url, revoked.key), ...more)
      expect(told).toMatchObject({ code: 1, isRight: false, stderr: expect.stringMatching(REVOKED) })
      expect(told.stdout + told.stderr).not.toContain(revoked.key)
    }
  )

  it('also where it lies in a file of its own and something else is wrong with the file', async () => {
    await writeFile(join(folder, 'key'), revoked.key, { mode: 0o600 })
    const told = await doctor(`gateway: ${gateway.url}\napi_key_file: key\nsource_memory: much`)
    expect(told).toMatchObject({ code: 1, isRight: false, stderr: expect.stringMatching(REVOKED) })
    expect(told.stderr).toMatch(/^ {2}agent\.yaml:3: source_memory must be /m)
  })

  it('and one of a gateway that is away was not tried, for which the file may be right all the same', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    for (const more of [[], ['--write'], ['--try']]) {
      const { code, isRight, stdout, stderr } = await doctor(headOf(url), ...more)
      expect({ code, isRight, stderr: more[0] === '--try' ? '' : stderr }).toEqual({
        code: 0,
        isRight: true,
        stderr: ''
      })
      expect(stdout).toContain(`The key was not tried. Nothing listens at ${url}: the gateway may be starting, `)
    }
  })

  it('and an address at which another server is counts as wrong, whose words are not repeated with the key in them', async () => {
    const other = await startScriptedServer({ '*': { status: 302, location: '/in?as=ic_theOwnersSecretKey' } })
    onTestFinished(() => other.close())
    const page = await startScriptedServer({ '*': { json: { error: { message: 'x', key: 'ic_theOwnersSecretKey' } } } })
    onTestFinished(() => page.close())
    const echo = { error: { code: 'no', message: `${'x'.repeat(290)}ic_theOwnersSecretKey` } }
    const busy = await startScriptedServer({ '*': { status: 503, json: echo } })
    onTestFinished(() => busy.close())
    for (const [url, rc, why] of [
      [other.url, 1, `${other.url} sends callers on to /in?as=…: give the address where the gateway itself answers.`],
      [page.url, 1, `There is no inference.club at ${page.url}: another server answers there, or a part of the`],
      [busy.url, 0, 'The key was not tried. The gateway does not let this agent in now: xxx']
    ] as const) {
      const { code, isRight, stdout, stderr } = await doctor(headOf(url))
      expect({ code, isRight }).toEqual({ code: rc, isRight: rc === 0 })
      expect(rc === 1 ? stderr : stdout).toContain(why)
      expect(stdout + stderr).not.toContain('ic_the')
    }
  })

  it('and nobody is asked where the file has no key, or no address', async () => {
    const silent = await startScriptedServer({})
    onTestFinished(() => silent.close())
    for (const head of [
      `gateway: ${silent.url}`,
      `gateway: ${silent.url}\napi_key: sk-x`,
      'gateway: ftp://x\napi_key: ic_x'
    ]) {
      const { code, stdout, stderr } = await doctor(head)
      expect({ code, isTried: /not tried|inference\.club at/.test(stdout + stderr) }).toEqual({
        code: 1,
        isTried: false
      })
    }
    expect(silent.calls).toEqual([])
  })

  it('also one that --write takes from the variables of other commands', async () => {
    const env = { INFERENCE_CLUB_URL: gateway.url, INFERENCE_CLUB_API_KEY: revoked.key }
    await writeFile(path(), `name: rig\n${SERVICES}`, { mode: 0o600 })
    const { code, stderr } = await runProgram(['doctor', 'agent.yaml', '--write'], { cwd: folder, env })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(REVOKED) })
    expect(await readFile(path(), 'utf8')).toContain('api_key: ${INFERENCE_CLUB_API_KEY}')
  })

  it('and waits for no gateway that opens a connection and never ends it', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (open) => open.pause())
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      for (const open of sockets.clients) open.terminate()
      server.close()
      await once(server, 'close')
    })
    const begun = performance.now()
    const { code } = await doctor(headOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
    expect(code).toBe(0)
    // A WebSocket that is being closed would keep the program for half a minute.
    expect(performance.now() - begun).toBeLessThan(20_000)
  }, 40_000)
})
