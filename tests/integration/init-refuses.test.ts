import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { InitOptions } from '../../src/cli/doctor/check-init.ts'
import { initAgent } from '../../src/cli/doctor/init-agent.ts'
import { checkFile } from '../../src/cli/doctor/examine.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { freePort } from '../support/free-port.ts'
import { runProgram } from '../support/run-program.ts'
import { startScriptedServer } from '../support/scripted-server.ts'

const GIVEN = { gateway: 'http://127.0.0.1:9', key: 'ic_x' }

let server: FakeOpenAIServer
let folder: string
let path: string
beforeAll(async () => {
  server = await startFakeOpenAIServer({ knownModels: ['flux-dev'] })
})
afterAll(() => server.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-init-'))
  path = join(folder, 'agent.yaml')
})
afterEach(() => rm(folder, { recursive: true }))

/** `agent --init` where nobody can be asked. */
const init = (options: Partial<InitOptions>) =>
  initAgent({ path, servers: [server.url], terms: {}, ...options }, { terminal: undefined, usual: [] })
const readWritten = async () => {
  const read = checkFile({ text: await readFile(path, 'utf8'), path })
  expect(read.mistakes).toEqual([])
  return read.config
}
/** The same by the command, in whose output is what is said. */
const initAloud = (args: readonly string[]) =>
  runProgram(['agent', '--init', '--no-start', '--config', path, ...args], { cwd: folder })
const emails = (count: number) => Array.from({ length: count }, (_, index) => `m${index}@example.org`)
const long = (length: number) => `${'m'.repeat(length - 12)}@example.org`

describe('every option of agent --init at its limit is written as the agent reads it', () => {
  it.each<[string, Partial<InitOptions>]>([
    ['a name', { ...GIVEN, name: 'n'.repeat(100) }],
    ['a name that looks like a variable', { ...GIVEN, name: '${NONE}' }],
    ['members', { ...GIVEN, terms: { access: 'members' } }],
    ['private', { ...GIVEN, terms: { access: 'private' } }],
    ['a thousand people', { ...GIVEN, terms: { access: emails(1000) } }],
    ['a long address', { ...GIVEN, terms: { access: [long(320)] } }],
    ['the fewest images', { ...GIVEN, terms: { imagesPerHour: 1, imagesPerUserHour: 1 } }],
    ['the most images', { ...GIVEN, terms: { imagesPerHour: 1_000_000, imagesPerUserHour: 1_000_000 } }],
    ['a long key', { ...GIVEN, key: `ic_${'x'.repeat(997)}` }]
  ])('%s', async (_what, options) => {
    await init(options)
    const config = await readWritten()
    if (options.name !== undefined) expect(config?.name).toBe(options.name)
    if (options.key !== undefined) expect(config?.apiKey).toBe(options.key)
    expect(config?.services[0]).toMatchObject(options.terms ?? {})
  })
})

describe('every option of agent --init past its limit is refused in its own words, and nothing is written', () => {
  it.each<[string, Partial<InitOptions>, string]>([
    ['no name', { ...GIVEN, name: ' ' }, '--name is required'],
    ['a name', { ...GIVEN, name: 'n'.repeat(101) }, '--name may have at most 100 characters.'],
    ['nobody', { ...GIVEN, terms: { access: 'nobody' } }, '--access must be members, private or a list of e-mail'],
    ['nothing', { ...GIVEN, terms: { access: '' } }, '--access must be members, private or a list of e-mail'],
    ['no people', { ...GIVEN, terms: { access: [''] } }, '--access '],
    ['people', { ...GIVEN, terms: { access: emails(1001) } }, '--access may have at most 1000 entries.'],
    ['an address', { ...GIVEN, terms: { access: [long(321)] } }, '--access may have at most 320 characters.'],
    ['a word among addresses', { ...GIVEN, terms: { access: ['a@example.org', 'bob'] } }, '--access must be an e-mail'],
    [
      'no images',
      { ...GIVEN, terms: { imagesPerHour: 0 } },
      '--images-per-hour must be a whole number from 1 to 1000000; --access private lets others have nothing.'
    ],
    ['images', { ...GIVEN, terms: { imagesPerHour: 1_000_001 } }, '--images-per-hour must be'],
    ['no images each', { ...GIVEN, terms: { imagesPerUserHour: 0 } }, '--images-per-user-hour must be'],
    ['images each', { ...GIVEN, terms: { imagesPerUserHour: 1_000_001 } }, '--images-per-user-hour must be'],
    ['a key', { ...GIVEN, key: `ic_${'x'.repeat(998)}` }, '--key may have at most 1000 characters.'],
    ['no key', { ...GIVEN, key: 'sk-x' }, '--key must be an API key of the gateway'],
    ['no gateway', { ...GIVEN, gateway: 'ftp://x' }, '--gateway ']
  ])('%s', async (_what, options, words) => {
    await expect(init(options)).rejects.toThrow(words)
    expect(await readdir(folder)).toEqual([])
    // Nor is a file touched that is right.
    await init(GIVEN)
    const before = await readFile(path, 'utf8')
    await expect(init(options)).rejects.toThrow(words)
    expect(await readFile(path, 'utf8')).toBe(before)
  })
})

describe('a key file', () => {
  const make = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }

  it('that no agent could read is refused, and that of a file that is right stays', async () => {
    await init({ gateway: GIVEN.gateway, keyFile: await make('good.key', 'ic_good\n') })
    const before = await readFile(path, 'utf8')
    expect(before).toContain(`${join(folder, 'good.key')}\n`)
    await mkdir(join(folder, 'folder'))
    const bad: [string, string][] = [
      [join(folder, 'absent'), '--key-file names a file that is not there.'],
      [join(folder, 'folder'), '--key-file names a folder, not a file.'],
      [await make('empty', ''), '--key-file names a file that holds no API key'],
      [await make('nonsense', 'sk-other'), '--key-file names a file that holds no API key'],
      [await make('more', 'ic_x and more'), '--key-file names a file that holds more than a key.'],
      ['ic_pasted', '--key-file must name a file that holds the key, not be the key.']
    ]
    for (const [keyFile, words] of bad) {
      await expect(init({ gateway: GIVEN.gateway, keyFile })).rejects.toThrow(words)
      expect(await readFile(path, 'utf8')).toBe(before)
    }
  })

  it.skipIf(process.getuid?.() === 0)('that its owner may not read is refused', async () => {
    const keyFile = await make('locked', 'ic_x')
    await chmod(keyFile, 0)
    await expect(init({ gateway: GIVEN.gateway, keyFile })).rejects.toThrow('cannot be read (EACCES)')
    expect(await readdir(folder)).toEqual(['locked'])
  })
})

describe('a server that was named', () => {
  it('at which nothing answers leaves the file as it is, and says so', async () => {
    await init(GIVEN)
    const before = await readFile(path, 'utf8')
    const dead = `http://127.0.0.1:${await freePort()}`
    // The good one is in the file.
    for (const servers of [[dead], [server.url, dead]]) {
      await expect(init({ servers })).rejects.toThrow(
        `Nothing answers at ${dead}.\nNothing was written: ${path} stays as it is.`
      )
      expect(await readFile(path, 'utf8')).toBe(before)
    }
    await rm(path)
    await expect(init({ ...GIVEN, servers: [dead] })).rejects.toThrow(`was found (looked at ${dead})`)
    expect(await readdir(folder)).toEqual([])
  })

  it('and cannot be used is left out, with a sentence why, where another can', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`
    const other = await startScriptedServer({ '*': { json: { status: 'ok' } } })
    onTestFinished(() => other.close())
    const locked = await startFakeOpenAIServer({ requiredApiKey: 'sk-upstream' })
    onTestFinished(() => locked.close())
    const page = await startScriptedServer({ '*': { status: 302, location: '/in' } })
    onTestFinished(() => page.close())
    const servers = [dead, other.url, server.url, locked.url, page.url]
    const given = ['--gateway', GIVEN.gateway, '--key', GIVEN.key]
    const { code, stdout } = await initAloud([...given, '--server', ...servers])
    expect(code).toBe(0)
    expect((await readWritten())?.services.map(({ url }) => url)).toEqual([server.url])
    expect(stdout).toContain(`${path} was written:`)
    expect(stdout).toContain(
      [
        `${dead} was left out: nothing answers there.`,
        `${other.url} was left out: it answers as no image server that is known.`,
        `${locked.url} was left out: it lets nobody in without a key: set INFERENCE_CLUB_IMAGE_SERVER_KEY to it, or run this at a terminal, which asks for it.`,
        `${page.url} was left out: it lets nobody through, as is said of it.`,
        'The same command adds them when they can be used.\n'
      ].join('\n')
    )
    // What is given beside it counts for the good one, which is in the file by now.
    const again = await initAloud(['--server', server.url, dead, '--images-per-hour', '7'])
    expect((await readWritten())?.services).toMatchObject([{ url: server.url, imagesPerHour: 7 }])
    expect(again.stdout).toContain(
      `${dead} was left out: nothing answers there.\nThe same command adds it when it can be used.\n`
    )
  })

  it('and is a service already can have other terms while it is away', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`
    const service = `  - {name: a, type: image, engine: openai, url: '${dead}', models: [{id: m}]}`
    await writeFile(path, `gateway: ${GIVEN.gateway}\napi_key: ic_x\nname: rig\nservices:\n${service}\n`)
    await init({ servers: [dead], terms: { imagesPerHour: 7 } })
    expect((await readWritten())?.services[0]?.imagesPerHour).toBe(7)
    await expect(init({ servers: [dead], terms: { imagesPerHour: 7 } })).rejects.toThrow(`Nothing answers at ${dead}.`)
  })
})

describe('what is written is read first as an agent reads it', () => {
  it('and nothing is where it would bring in a mistake', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `  - {name: s${index}, type: video}`)
    const before = `gateway: ${GIVEN.gateway}\napi_key: ic_x\nname: rig\nservices:\n${names.join('\n')}\n`
    await writeFile(path, before)
    await expect(init({})).rejects.toThrow(/services may have at most 100 entries.* Nothing was written\.$/)
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  it('and a mistake that its owner made is told when the rest is written', async () => {
    await writeFile(path, `gateway: ${GIVEN.gateway}\napi_key: ic_x\nname: rig\nsource_memory: much\n`)
    await expect(init({})).rejects.toThrow(/^What is wrong in \S+agent\.yaml:\n {2}\S+:4: source_memory must be /)
    expect(await readFile(path, 'utf8')).toContain('models:')
    await expect(init({})).rejects.toThrow(/^What is wrong in /)
  })
})
