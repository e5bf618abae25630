import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { AgentFile } from '../../src/config/agent-file.ts'
import type { InitOptions } from '../../src/cli/doctor/check-init.ts'
import { printSightings } from '../../src/cli/doctor/examine.ts'
import { tellLeftOut } from '../../src/cli/doctor/explain-nothing.ts'
import { initAgent } from '../../src/cli/doctor/init-agent.ts'
import { runDoctor } from '../../src/cli/doctor/run-doctor.ts'
import { survey } from '../../src/cli/doctor/survey.ts'
import { unlock } from '../../src/cli/doctor/unlock.ts'
import { startFakeComfy } from '../support/fake-comfyui-server.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { freePort } from '../support/free-port.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const KEY = 'ic_typedByHand'
const GATEWAY = 'http://127.0.0.1:9'

let folder: string
const open: { close(): Promise<void> }[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-init-'))
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  await rm(folder, { recursive: true })
})

const written = () => readFile(join(folder, 'agent.yaml'), 'utf8')

/** A server of which nobody knows whether it makes images. */
async function startUnsure(knownModels = ['flux-dev']): Promise<string> {
  const server = await startFakeOpenAIServer({ knownModels })
  open.push(server)
  return server.url
}

const placesOf = (urls: readonly string[]) => urls.map((url) => ({ url, isNamed: false }))

/** `agent --init` with somebody at a terminal, on a machine with these servers at the usual places. */
function sitDown(urls: readonly string[], given: Partial<InitOptions> = { gateway: GATEWAY, key: KEY }) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let [shown, all] = ['', '']
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    all += text
  })
  const done = initAgent(
    { path: join(folder, 'agent.yaml'), servers: [], terms: {}, ...given },
    { terminal: { input, output }, usual: placesOf(urls) }
  )
  const outcome = done.then(
    () => 'written',
    (error: Error) => error.message
  )
  return {
    outcome,
    shown: () => shown,
    all: () => all,
    /** Types a line once this question has been asked since the last one. */
    answer: async (question: string, line: string) => {
      await waitFor(() => shown.includes(question))
      shown = ''
      input.write(`${line}\r`)
    },
    /** Ctrl-D, or whatever is no line. */
    press: (keys: string) => input.write(keys)
  }
}

describe('the key, before a file is written', () => {
  const WRONG = 'ic_nobodysKey'
  async function startClub() {
    const gateway = await startTestGateway()
    open.push(gateway)
    return { gateway, server: await startUnsure(), key: (await gateway.addUser()).key }
  }
  const alone = (options: Partial<InitOptions>) =>
    initAgent(
      { path: join(folder, 'agent.yaml'), servers: [], terms: {}, ...options },
      { terminal: undefined, usual: [] }
    )

  it('is judged by the gateway, and asked for again while it is refused', async () => {
    const { gateway, server, key } = await startClub()
    const person = sitDown([server], { gateway: gateway.url })
    await person.answer('(Enter:', '')
    await person.answer('API key of the gateway: ', WRONG)
    await person.answer('The gateway refused the API key', key)
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain(`api_key: ${key}`)
    expect(person.all()).not.toContain(WRONG)
    // There is no file yet in which the key could be changed.
    expect(person.all()).toContain('shows now, or give another key.')
  })

  it('is judged once more where another address was given than the gateway’s, which is asked for again', async () => {
    const { gateway, server, key } = await startClub()
    const person = sitDown([server], { key })
    await person.answer('(Enter:', '')
    await person.answer('Address of the gateway: ', server)
    await person.answer('There is no inference.club at', gateway.url)
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain(`gateway: ${gateway.url}`)
  })

  it('that is in the file already and refused is replaced where somebody is asked', async () => {
    const { gateway, server, key } = await startClub()
    await writeFile(join(folder, 'agent.yaml'), `gateway: ${gateway.url}\napi_key: ${WRONG}\n`)
    const person = sitDown([server], {})
    await person.answer('(Enter:', '')
    await person.answer('The gateway refused the API key', key)
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain(`api_key: ${key}`)
  })

  it('leaves no file behind where it is refused, or no gateway is there, and nobody can be asked', async () => {
    const { gateway, server, key } = await startClub()
    const servers = [server]
    await expect(alone({ servers, gateway: gateway.url, key: WRONG })).rejects.toThrow(
      /^The gateway refused the API key.* Nothing was written\.$/
    )
    await expect(alone({ servers, gateway: server, key })).rejects.toThrow(
      /^There is no inference\.club at .* Nothing was written\.$/
    )
    await writeFile(join(folder, 'wrong.key'), WRONG)
    await expect(alone({ servers, gateway: gateway.url, keyFile: join(folder, 'wrong.key') })).rejects.toThrow(
      'put another key into the file that api_key_file names. Nothing was written.'
    )
    expect(await readdir(folder)).toEqual(['wrong.key'])
    await alone({ servers, gateway: gateway.url, key })
    expect(await written()).toContain(`api_key: ${key}`)
  })

  it('is written untried where the gateway is away: the agent tells when it starts', async () => {
    await alone({ servers: [await startUnsure()], gateway: GATEWAY, key: KEY })
    expect(await written()).toContain(`api_key: ${KEY}`)
  })
})

describe('agent --init at a terminal', () => {
  it('asks which of several servers it is: Enter takes the first', async () => {
    const [one, other] = [await startUnsure(), await startUnsure()]
    const person = sitDown([one, other])
    await person.answer(`(Enter: ${one}, unsure; or ${other}, unsure; or another)`, '')
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain(`url: ${one}`)
    expect(await written()).not.toContain(other)
  })

  it('takes the one that is typed, and asks again for what is no address', async () => {
    const [one, other] = [await startUnsure(), await startUnsure()]
    const person = sitDown([one, other])
    await person.answer('Enter:', 'the second')
    await person.answer('It must be an address.', '2')
    await person.answer('It must be an address.', ` ${other.replace('http://', '')} `)
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain(`url: ${other}`)
    expect(await written()).not.toContain(one)
  })

  it('looks at another address that is typed, and asks again when nothing is there', async () => {
    const comfy = await startFakeComfy({ diffusionModels: [] })
    open.push(comfy)
    const person = sitDown([await startUnsure()])
    await person.answer('or another', `http://127.0.0.1:${await freePort()}`)
    await person.answer('No image server that can be used is there.', comfy.url)
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain('engine: comfyui')
  })

  it.each(['offered', 'typed'])('takes a server whose models have names that tell nothing: %s', async (how) => {
    const url = await startUnsure(['sunny-xl', 'sunny-turbo'])
    const person = sitDown(how === 'offered' ? [url] : [`http://127.0.0.1:${await freePort()}`])
    await person.answer('Address of the image server', how === 'offered' ? '' : url)
    expect(await person.outcome).toBe('written')
    expect(await written()).toMatch(/sunny-xl[^]*sunny-turbo/)
  })

  it('takes no Enter for an answer where nothing was found', async () => {
    const one = await startUnsure()
    const person = sitDown([`http://127.0.0.1:${await freePort()}`])
    await person.answer('such as http://127.0.0.1:8188', '')
    await person.answer('It must be an address.', one)
    expect(await person.outcome).toBe('written')
    expect(await written()).toContain(`url: ${one}`)
  })

  it('asks for gateway and key, whose letters it does not show', async () => {
    const comfy = await startFakeComfy({ diffusionModels: [] })
    open.push(comfy)
    const person = sitDown([comfy.url], {})
    await person.answer('Address of the gateway: ', '')
    await person.answer('Address of the gateway: ', GATEWAY)
    await person.answer('API key of the gateway: ', 'sk-another')
    await person.answer('which begins with ic_.\nAPI key of the gateway: ', KEY)
    expect(await person.outcome).toBe('written')
    expect(person.all()).not.toMatch(/sk-another|typedByHand/)
    expect(await written()).toContain(`api_key: ${KEY}`)
  })

  it('asks for the key of an image server that wants one, again while it is refused, and does not show it', async () => {
    const server = await startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['flux-dev'] })
    open.push(server)
    const person = sitDown([server.url])
    await person.answer(`Key of ${server.url} (Enter: none): `, 'sk-wrong')
    await person.answer('The server refuses that key.', 'k'.repeat(1001))
    await person.answer('It may have at most 1000 characters.', 'sk-upstream')
    await person.answer(`(Enter: ${server.url}, unsure; or another)`, '')
    expect(await person.outcome).toBe('written')
    expect(person.all()).not.toMatch(/sk-(wrong|upstream)/)
    expect(await written()).toContain('api_key: sk-upstream')
  })

  it('says that no key was given after Enter, and not that nobody was asked', async () => {
    const locked = await startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['flux-dev'] })
    open.push(locked)
    const comfy = await startFakeComfy({ diffusionModels: [] })
    open.push(comfy)
    // Nothing else is there: it may be named again.
    const alone = sitDown([locked.url])
    await alone.answer(`Key of ${locked.url} (Enter: none): `, '')
    await alone.answer('Address of the image server', locked.url)
    await alone.answer(`Key of ${locked.url} (Enter: none): `, '')
    await alone.answer(
      `${locked.url} lets nobody in without a key, and no key that it takes was given: type its address to be asked again.`,
      comfy.url
    )
    expect(await alone.outcome).toBe('written')
    expect(alone.all()).not.toContain('No image server that can be used')

    // There is a service, and nothing is written.
    const named = sitDown([], { servers: [locked.url] })
    await named.answer(`Key of ${locked.url} (Enter: none): `, '')
    expect(await named.outcome).toBe(
      `${locked.url} lets nobody in without a key, and no key that it takes was given: run this again and type it where it is asked for.\nNothing was written: ${join(folder, 'agent.yaml')} stays as it is.`
    )
  })

  it('says so beside the table, and of one that is left out', async () => {
    const locked = await startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['flux-dev'] })
    const comfy = await startFakeComfy({ diffusionModels: [] })
    open.push(locked, comfy)
    const places = placesOf([comfy.url, locked.url])
    const [input, output] = [new PassThrough(), new PassThrough()]
    input.write('\r')
    const seen = await unlock(await survey(places), { terminal: { input, output }, key: undefined })
    const what = 'no key that it takes was given: run this again and type it where it is asked for.'
    expect(tellLeftOut(seen.slice(1))).toEqual([
      `${locked.url} was left out: it lets nobody in without a key, and ${what}`
    ])
    const file = new AgentFile({ text: `services: [{ name: a, url: "${comfy.url}" }]`, path: 'agent.yaml' })
    const told: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => told.push(String(text)) > 0)
    onTestFinished(() => write.mockRestore())
    printSightings(seen, { file, trials: new Map() })
    expect(told.join('')).toContain(`${locked.url}: It asks for a key. N${what.slice(1)}`)
  })

  it('sends the key of a variable to none of several that want one', async () => {
    const servers = await Promise.all([1, 2].map(() => startFakeOpenAIServer({ requiredApiKey: 'sk-upstream' })))
    open.push(...servers)
    const seen = await unlock(await survey(placesOf(servers.map(({ url }) => url))), { terminal: undefined, key: 'sk-upstream' }) // prettier-ignore
    expect(seen.map(({ found }) => found[0]?.wantsKey)).toEqual([true, true])
    for (const server of servers) {
      expect(server.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false)
    }
  })

  it.each(['\u0003', '\u0004'])('writes nothing when the asking is ended (%j)', async (keys) => {
    const person = sitDown([await startUnsure()])
    await waitFor(() => person.shown().includes('Enter:'))
    person.press(keys)
    expect(await person.outcome).toBe('Nothing was written.')
    await expect(written()).rejects.toThrow('ENOENT')
  })
})

describe('agent --init without a terminal', () => {
  it('asks nothing: it takes the only server, and says what to name where there are several', async () => {
    const [one, other] = [await startUnsure(), await startUnsure()]
    const path = join(folder, 'agent.yaml')
    const options = { path, servers: [], terms: {}, gateway: GATEWAY, key: KEY }
    const alone = (...urls: string[]) => initAgent(options, { terminal: undefined, usual: placesOf(urls) })
    await expect(alone(one, other)).rejects.toThrow(
      `It is not known which of ${one}, ${other} make images: name those that do, such as --server ${one}.`
    )
    await alone(one)
    expect(await written()).toContain(`url: ${one}`)
  })
})

describe('doctor beside servers of which nobody knows whether they make images', () => {
  const doctor = (urls: readonly string[], { write = false } = {}) =>
    runDoctor(
      { urls: [], path: join(folder, 'agent.yaml'), isFileNamed: false, write, tries: false },
      { terminal: undefined, usual: placesOf(urls) }
    )

  it('writes what agent --init would take', async () => {
    const [one, other] = [await startUnsure(), await startUnsure()]
    await expect(doctor([one, other], { write: true })).rejects.toThrow(
      `It is not known which of ${one}, ${other} make images: name those that do, such as 'doctor ${one} --write'.`
    )
    // A key of the gateway is not set here: the file lacks nothing else.
    await expect(doctor([one], { write: true })).rejects.toThrow(/^[^\n]*\n[^\n]*INFERENCE_CLUB_API_KEY[^\n]*$/)
    expect(await written()).toContain(`url: ${one}`)
  })

  it('says what to type next, and not that they are to be started', async () => {
    const [sure, unclear] = [await startUnsure(), await startUnsure(['sunny-xl'])]
    for (const url of [sure, unclear]) {
      await expect(doctor([url])).rejects.toThrow(
        `${url} may make images, which cannot be asked: 'doctor ${url} --try' has it make one, 'doctor ${url} --write' takes it as it is.`
      )
    }
  })
})
