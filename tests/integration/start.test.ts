import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fetchImage, type ImagesAnswer, type JobAnswer } from '../support/image-calls.ts'
import { pathWithCurl } from '../support/path-with-curl.ts'
import { ROOT, runInShell, runProgram, type RunningServer, startProgram, startServer } from '../support/run-program.ts'
import { waitFor } from '../support/wait-for.ts'

/** One that is the same at every start. */
const KEY = { INFERENCE_CLUB_BOOTSTRAP_API_KEY: 'ic_chosen-by-the-operator-0001' }
const HEADERS = { authorization: `Bearer ${KEY.INFERENCE_CLUB_BOOTSTRAP_API_KEY}` }

let folder: string
let curl: Awaited<ReturnType<typeof pathWithCurl>>
const servers: RunningServer[] = []

beforeAll(async () => {
  curl = await pathWithCurl()
})
afterAll(() => curl.remove())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-start-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop('SIGKILL')))
  await rm(folder, { recursive: true })
})

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<RunningServer> {
  const server = await startServer({ cwd: folder, ...options })
  servers.push(server)
  return server
}

const keyIn = (output: string): string | undefined => /Your API key .*: (ic_\w+)/.exec(output)?.[1]

/** Pastes lines into a shell, and then the key that they ask for; gives the image it leads to. */
async function imageFrom(line: string, key: string) {
  expect(line).not.toContain('ic_')
  const { stdout } = await runInShell(line, { cwd: folder, env: { PATH: curl.path }, input: `${key}\n` })
  const answer = JSON.parse(stdout.slice(stdout.indexOf('{'))) as ImagesAnswer
  return fetchImage(answer.data[0]!.url)
}

const listModels = async (url: string, key: string) => {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
  const { data = [] } = (await response.json()) as { data?: { id: string }[] }
  return { status: response.status, ids: data.map((model) => model.id) }
}

describe('the first start', () => {
  it('tells the address, the key and lines for curl that work as pasted, and have no key in them', async () => {
    const server = await start()
    const key = keyIn(server.output())!
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(key).toMatch(/^ic_[a-z0-9]{40}$/)
    expect(server.curlLine).toContain(`${server.url}/v1/images/generations`)
    expect(await imageFrom(server.curlLine, key)).toMatchObject({ mediaType: 'image/png', format: 'png' })
  })

  it('makes its data in ./data, and the next one finds everything again but cannot tell the key', async () => {
    const first = await start()
    const key = keyIn(first.output())!
    const answer = await fetch(`${first.url}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo', prompt: 'a lake', size: '64x64' })
    })
    const { request_id: id, data } = (await answer.json()) as ImagesAnswer
    const { bytes } = await fetchImage(data[0]!.url)
    expect(await first.stop()).toMatchObject({ code: 0, stderr: '' })

    const second = await start()
    expect(second.output()).not.toContain('ic_')
    expect(second.output()).toContain('the key was shown at the first start')
    const job = await fetch(`${second.url}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${key}` } })
    expect(await job.json()).toMatchObject({ id, status: 'PROCESSED', prompt: 'a lake' })
    const again = await fetchImage(`${second.url}${new URL(data[0]!.url).pathname}`)
    expect(again.bytes.equals(bytes)).toBe(true)
    expect(await imageFrom(second.curlLine, key)).toMatchObject({ format: 'png' })
  })

  it('does not use up the key when the port is taken', async () => {
    const port = await occupyPort()
    const refused = await runProgram(['serve'], {
      cwd: folder,
      env: { INFERENCE_CLUB_PORT: String(port.number) }
    })
    await port.free()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/^Port \d+ on \S+ is taken\. .*\n$/)
    expect(await readdir(folder)).toEqual([])
    expect(keyIn((await start()).output())).toBeDefined()
  })
})

describe('a checkout', () => {
  it('may lie on a path with spaces, and the program be linked from elsewhere', async () => {
    const checkout = join(folder, 'a checkout with spaces')
    await mkdir(checkout)
    for (const part of ['bin', 'src', 'package.json'])
      await cp(join(ROOT, part), join(checkout, part), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
    await mkdir(join(folder, 'my programs'))
    await symlink('../a checkout with spaces/bin/inference-club', join(folder, 'my programs', 'club'))
    await symlink(join(folder, 'my programs', 'club'), join(folder, 'linked twice'))

    const server = await start({ program: join(folder, 'linked twice') })
    expect(await imageFrom(server.curlLine, keyIn(server.output())!)).toMatchObject({ format: 'png' })
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  })

  it('starts with npm, and ends with it', async () => {
    const env = { ...KEY, INFERENCE_CLUB_PORT: '0', INFERENCE_CLUB_DATA_DIR: join(folder, 'data') }
    const npm = startProgram(['start'], { program: 'npm', cwd: ROOT, env })
    const [, url = ''] = await npm.printed(/running at (\S+)/)
    expect(await listModels(url, KEY.INFERENCE_CLUB_BOOTSTRAP_API_KEY)).toEqual({ status: 200, ids: ['demo'] })
    const { stdout, stderr } = await npm.stop()
    expect(stdout).toContain('Stopping')
    expect(stderr).toBe('')
    await expect(fetch(url)).rejects.toThrow()
  })
})

describe('a start that cannot be', () => {
  it('says in one line that the port is taken', async () => {
    const port = await occupyPort()
    const env = { INFERENCE_CLUB_PORT: String(port.number) }
    const { code, stdout, stderr } = await runProgram(['serve', '--demo'], { cwd: folder, env })
    await port.free()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(`Port ${port.number} on 127.0.0.1 is taken. Stop what uses it, or set INFERENCE_CLUB_PORT.\n`)
  })

  it('says in one line that another gateway runs on the data folder', async () => {
    await start()
    const { code, stdout, stderr } = await runProgram(['serve'], { cwd: folder, env: { INFERENCE_CLUB_PORT: '0' } })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^Another gateway is running on .*data, at http:\/\/127\.0\.0\.1:\d+\. Stop it, or set INFERENCE_CLUB_DATA_DIR\.\n$/
    )
  })

  it('says in one line that the data folder cannot be one', async () => {
    await writeFile(join(folder, 'data'), 'a file')
    const { code, stderr } = await runProgram(['serve'], { cwd: folder, env: { INFERENCE_CLUB_PORT: '0' } })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\S*data is a file, and no folder: set INFERENCE_CLUB_DATA_DIR to a folder\.\n$/)
  })

  it('says in one line that the machine has no such address', async () => {
    const env = { INFERENCE_CLUB_PORT: '0', INFERENCE_CLUB_HOST: '203.0.113.7' }
    const { code, stderr } = await runProgram(['serve'], { cwd: folder, env })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'This machine has no address 203.0.113.7. Set INFERENCE_CLUB_HOST.\n'
    })
  })

  it('lists every mistake of the configuration', async () => {
    const { code, stdout, stderr } = await runProgram(['serve'], {
      cwd: folder,
      env: {
        INFERENCE_CLUB_PORT: 'eighty',
        INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: 'soon',
        INFERENCE_CLUB_BOOTSTRAP_API_KEY: 'ic_short',
        INFERENCE_CLUB_DATADIR: '/elsewhere'
      }
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[0]).toBe('The configuration has 4 mistakes:')
    for (const name of ['PORT', 'LIMITS_SYNC_TIMEOUT', 'BOOTSTRAP_API_KEY', 'DATADIR']) {
      expect(lines.filter((line) => line.startsWith(`  INFERENCE_CLUB_${name} `))).toHaveLength(1)
    }
    expect(stderr).not.toContain('ic_short')
  })
})

describe('the configuration', () => {
  it('with DEMO=0 wins over --demo', async () => {
    const server = await start({ env: { INFERENCE_CLUB_DEMO: '0' } })
    expect(await listModels(server.url, keyIn(server.output())!)).toEqual({ status: 200, ids: [] })
    expect(server.output()).toContain('Connect an agent')
  })

  it('with DEMO=1 needs no --demo', async () => {
    const server = await start({ args: [], env: { INFERENCE_CLUB_DEMO: '1' } })
    expect(await listModels(server.url, keyIn(server.output())!)).toEqual({ status: 200, ids: ['demo'] })
  })

  it('names the first key, which is not told but counts', async () => {
    const server = await start({ env: KEY })
    expect(server.output()).not.toContain('Your API key')
    expect(await listModels(server.url, KEY.INFERENCE_CLUB_BOOTSTRAP_API_KEY)).toMatchObject({ status: 200 })
    expect(await imageFrom(server.curlLine, KEY.INFERENCE_CLUB_BOOTSTRAP_API_KEY)).toMatchObject({ format: 'png' })
  })

  it('names no key afterwards: the greeting never shows one that does not count', async () => {
    const first = await start()
    const key = keyIn(first.output())!
    await first.stop()
    const other = 'ic_named-when-it-was-too-late-1'
    const second = await start({ env: { INFERENCE_CLUB_BOOTSTRAP_API_KEY: other } })
    expect(second.output()).not.toContain(other)
    expect((await listModels(second.url, other)).status).toBe(401)
    expect((await listModels(second.url, key)).status).toBe(200)
  })
})

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s ends with 0', async (signal) => {
    const server = await start()
    const { code, stdout, stderr } = await server.stop(signal)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Stopping')
  })

  it('takes a signal that comes twice at the same moment for one, as npm and the terminal send it', async () => {
    const server = await start()
    server.process.kill('SIGINT')
    expect(await server.stop('SIGINT')).toMatchObject({ code: 0 })
  })

  it('lets a waiting caller have the image within the drain time', async () => {
    const server = await start({ env: { ...KEY, INFERENCE_CLUB_DEMO_STEP_TIME: '100ms' } })
    const call = generate(server)
    await untilRunning(server)
    const ended = server.stop()
    expect((await call).status).toBe(200)
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('tells a caller whose image takes longer, and makes the image after the next start', async () => {
    const server = await start({
      env: { ...KEY, INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '200ms', INFERENCE_CLUB_DEMO_STEP_TIME: '30s' }
    })
    const call = generate(server)
    await untilRunning(server)
    const ended = server.stop()
    const answer = await call
    expect(answer.status).toBe(503)
    const { error } = (await answer.json()) as { error: { type: string; message: string } }
    expect(error.type).toBe('shutting_down')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })

    const next = await start({ env: KEY })
    const [id] = /req_\w+/.exec(error.message)!
    const finished = await waitFor(async () => {
      const response = await fetch(`${next.url}/v1/jobs/${id}`, { headers: HEADERS })
      const job = (await response.json()) as JobAnswer
      return job.status === 'PROCESSED' && job
    })
    expect(await fetchImage(finished.result_url!)).toMatchObject({ width: 64, height: 64 })
  })
})

const generate = ({ url }: RunningServer) =>
  fetch(`${url}/v1/images/generations`, {
    method: 'POST',
    headers: { ...HEADERS, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', prompt: 'a lake', size: '64x64', steps: 4 })
  })

const untilRunning = ({ url }: RunningServer) =>
  waitFor(async () => {
    const metrics = await (await fetch(`${url}/metrics`, { headers: HEADERS })).text()
    return metrics.includes('inference_club_tasks{state="running"} 1')
  })

async function occupyPort(): Promise<{ number: number; free(): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    number: (server.address() as AddressInfo).port,
    free: async () => {
      server.close()
      await once(server, 'close')
    }
  }
}
