import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ENGINES, GOOD, KEY } from '../../tests/support/agent-file.ts'
import { readAgentConfigFile } from './agent-config.ts'
import { ConfigError } from './config.ts'
import { keyFilePath } from './read-key-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key file-'))
})
afterEach(() => rm(folder, { recursive: true }))

const withKeyFile = (name: string) =>
  GOOD.replace('api_key: ${INFERENCE_CLUB_API_KEY}', `api_key_file: ${JSON.stringify(name)}`)

async function read(text: string, env: NodeJS.ProcessEnv = {}) {
  const path = join(folder, 'agent.yaml')
  await writeFile(path, text, { mode: 0o600 })
  return readAgentConfigFile({ path, env, engines: ENGINES })
}

async function mistakesOf(text: string, env: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
  const error: unknown = await read(text, env).catch((thrown: unknown) => thrown)
  if (!(error instanceof ConfigError)) throw new Error('there was no mistake')
  return error.mistakes.map((mistake) => mistake.replace(/^.*?:(\d+): /, '$1: '))
}

const save = (name: string, content: string | Uint8Array, mode = 0o600) =>
  writeFile(join(folder, name), content, { mode })

describe('the key in a file of its own', () => {
  it.each([
    ['as it is', KEY],
    ['with the end of its line', `${KEY}\n`],
    ['as Windows saves it', `\ufeff${KEY}\r\n`],
    ['with space around it', `\n  ${KEY}\t\n\n`]
  ])('is read %s', async (_how, content) => {
    await save('key', content)
    const { apiKey, warnings } = await read(withKeyFile('key'))
    expect({ apiKey, warnings }).toEqual({ apiKey: KEY, warnings: undefined })
  })

  it('lies beside the agent.yaml, wherever the agent is started, or where its path says', async () => {
    await mkdir(join(folder, 'secrets'))
    await save('secrets/key', KEY)
    expect((await read(withKeyFile('secrets/key'))).apiKey).toBe(KEY)
    expect((await read(withKeyFile(join(folder, 'secrets', 'key')))).apiKey).toBe(KEY)
    // As systemd gives a service its credentials.
    const env = { CREDENTIALS_DIRECTORY: join(folder, 'secrets') }
    expect((await read(withKeyFile('${CREDENTIALS_DIRECTORY}/key'), env)).apiKey).toBe(KEY)
    expect(keyFilePath('~/club/key', '/etc')).toBe(join(homedir(), 'club', 'key'))
    expect(keyFilePath('~club/key', '/etc')).toBe(join('/etc', '~club', 'key'))
  })

  it.each([
    ['nowhere', undefined, 'api_key_file names a file that is not there'],
    ['key', '', 'api_key_file names a file that holds no API key of the gateway, which begins with ic_'],
    ['key', 'sk-of-something-else', 'api_key_file names a file that holds no API key of the gateway'],
    ['key', `${KEY}\n${KEY}\n`, 'api_key_file names a file that holds more than a key'],
    ['key', `INFERENCE_CLUB_API_KEY=${KEY}`, 'api_key_file names a file that holds no API key of the gateway'],
    ['key', 'ic_'.padEnd(100_000, 'x'), 'api_key_file names a file that holds more than a key'],
    ['.', undefined, 'api_key_file names a folder'],
    [KEY, undefined, 'api_key_file must name a file that holds the key, not be the key']
  ])('%j with %j is a mistake that repeats nothing', async (name, content, expected) => {
    if (content !== undefined) await save(name, content)
    const mistakes = await mistakesOf(withKeyFile(name))
    expect(mistakes).toEqual([expect.stringContaining(`2: ${expected}`)])
    expect(mistakes.join()).not.toContain(KEY)
  })

  it('takes the place of api_key: one of them, and not both', async () => {
    await save('key', KEY)
    expect(await mistakesOf(`${withKeyFile('key')}api_key: ${KEY}\n`)).toEqual([
      '2: api_key_file must not stand beside an api_key'
    ])
    expect(await mistakesOf(GOOD.replace(/^api_key.*\n/m, ''))).toEqual([
      expect.stringMatching(/^1: api_key is required: .*api_key_file/)
    ])
  })
})

describe.skipIf(process.platform === 'win32')('a key that others on the machine can read', () => {
  it.each([
    [0o600, false],
    [0o400, false],
    [0o700, false],
    [0o640, true],
    [0o604, true],
    [0o644, true]
  ])('is a warning at %o: %s', async (mode, isWarning) => {
    await save('key', KEY)
    await chmod(join(folder, 'key'), mode)
    const { apiKey, warnings } = await read(withKeyFile('key'))
    expect(apiKey).toBe(KEY)
    expect(warnings).toEqual(
      isWarning ? [expect.stringMatching(/^Others on this machine can read the key in .*key: chmod 600 /)] : undefined
    )
  })

  it('is one as well when it stands in agent.yaml itself, and none when that only names a variable', async () => {
    const literal = GOOD.replace('${INFERENCE_CLUB_API_KEY}', KEY)
    expect((await read(literal)).warnings).toBeUndefined()
    await chmod(join(folder, 'agent.yaml'), 0o644)
    expect((await read(literal)).warnings).toEqual([expect.stringContaining('agent.yaml')])
    expect((await read(GOOD, { INFERENCE_CLUB_API_KEY: KEY })).warnings).toBeUndefined()
  })
})
