import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from '../../src/db/data-dir-lock.ts'
import { MIGRATIONS } from '../../src/db/migrations/index.ts'
import { VERSION } from '../../src/lib/version.ts'
import { fillOlder, OLDER_FOLDERS } from '../support/older-folders.ts'
import { runProgram, type RunningServer, startServer } from '../support/run-program.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

let folder: string
const servers: RunningServer[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-installation-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop('SIGKILL')))
  await rm(folder, { recursive: true })
})

const club = (args: readonly string[], env: Record<string, string> = {}) => runProgram(args, { cwd: folder, env })

async function start(env: Record<string, string> = {}): Promise<RunningServer> {
  const server = await startServer({ cwd: folder, args: [], env })
  servers.push(server)
  return server
}

const invite = async (env: Record<string, string> = {}): Promise<string> => {
  const { code, stdout } = await club(['users', 'invite'], env)
  expect(code).toBe(0)
  return stdout.replace(/\/join#\w+\n$/, '')
}

describe('a command that needs an installation', () => {
  it.each([
    ['users add mara@example.org'],
    ['users invite'],
    ['keys list'],
    ['providers list'],
    ['storage check'],
    ['storage move'],
    ['export --user mara@example.org -o mara.zip']
  ])('`%s` says where it looked for one, how to name another, and makes none', async (line) => {
    const { code, stdout, stderr } = await club(line.split(' '))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^There is no inference\.club in \S+\/data: INFERENCE_CLUB_DATA_DIR is not set, .*\.\n$/)
    expect(stderr).toContain('INFERENCE_CLUB_DATA_DIR=<folder> before it names the folder')
    // Advice that is about keys is for whoever wants keys.
    expect(stderr.includes('under API keys')).toBe(line.startsWith('keys'))
    expect(stderr).toContain(join(folder, 'data'))
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['is not there', undefined],
    ['is empty', 'folder'],
    ['is a file', 'file']
  ])('names the variable when the folder in it %s', async (_what, kind) => {
    const place = join(folder, 'elsewhere')
    if (kind === 'folder') await mkdir(place)
    if (kind === 'file') await writeFile(place, '')
    const { code, stderr } = await club(['users', 'invite'], { INFERENCE_CLUB_DATA_DIR: place })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^There is no inference\.club in \S+elsewhere, which INFERENCE_CLUB_DATA_DIR names\..*\n$/)
    expect(await readdir(folder)).toEqual(kind === undefined ? [] : ['elsewhere'])
    if (kind === 'folder') expect(await readdir(place)).toEqual([])
  })

  it.each([
    ['a file', 'file', /^\S+file is a file, and no folder: set INFERENCE_CLUB_DATA_DIR to a folder\.\n$/],
    ['below a file', 'file/below', /^The data folder \S+below cannot be used: a part of its path is a file, .*\.\n$/],
    ['of too long a name', 'x'.repeat(300), /^The data folder \S+ cannot be used: a part of its path is too long\.\n$/],
    ...(process.platform === 'linux'
      ? [
          [
            'where nobody can make one',
            '/proc/x',
            /^The data folder \/proc\/x cannot be used: the system lets .*\.\n$/
          ] as const
        ]
      : [])
  ] as const)('says in a sentence that the folder is %s', async (_what, place, sentence) => {
    await writeFile(join(folder, 'file'), '')
    const env = { INFERENCE_CLUB_DATA_DIR: resolve(folder, place), INFERENCE_CLUB_PORT: '0' }
    const { code, stderr } = await club(['serve'], env)
    expect(code).toBe(1)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/\bE[A-Z]{4,}\b|unable/)
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('says in one line that the database is none', async () => {
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data', 'inference-club.sqlite'), 'This is no database at all. '.repeat(100))
    const { code, stdout, stderr } = await club(['users', 'list'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^The data folder \S+data cannot be used: .*\n$/)
  })
})

describe('a folder of a later version', () => {
  beforeEach(async () => {
    const database = await openTestDatabase({ dataDir: join(folder, 'data') })
    await sql`insert into kysely_migration values ('901-later', '2030'), ('902-last', '2030')`.execute(database.db)
    await database.close()
  })

  it.each([['serve'], ['users list'], ['keys list'], ['providers list']])(
    'is refused by `%s` in one sentence that names both versions and what helps',
    async (line) => {
      const { code, stdout, stderr } = await club(line.split(' '), { INFERENCE_CLUB_PORT: '0' })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^The data in \S+data is of a later version of inference\.club[^\n]*\.\n$/)
      expect(stderr).toContain('902-last')
      expect(stderr).toContain(`this is ${VERSION}, whose last is ${Object.keys(MIGRATIONS).at(-1)}`)
      expect(stderr).toContain('INFERENCE_CLUB_DATA_DIR')
    }
  )
})

it('is not brought up to date by a command beneath a gateway that runs', async () => {
  const dataDir = join(folder, 'data')
  await mkdir(dataDir)
  ;(await fillOlder(dataDir, OLDER_FOLDERS[0]!)).close()
  const unlock = await lockDataDir(dataDir)
  const refused = await club(['users', 'list'])
  expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/^An older version of inference\.club is running on \S+data: [^\n]*restart[^\n]*\.\n$/)
  unlock()
  expect(await club(['users', 'list'])).toMatchObject({ code: 0, stderr: '' })
})

describe('a link', () => {
  const noteIn = () => readFile(join(folder, 'data', 'gateway.json'), 'utf8')

  it('leads to the gateway that runs, whatever the environment of the command says', async () => {
    const server = await start()
    expect(await invite()).toBe(server.url)
    expect(await invite({ INFERENCE_CLUB_PORT: '8123' })).toBe(server.url)
    // Where people reach it is what whoever runs the command may know better than a gateway that was not told.
    expect(await invite({ INFERENCE_CLUB_PUBLIC_URL: 'https://club.example.org/' })).toBe('https://club.example.org')

    expect(await server.stop()).toMatchObject({ code: 0 })
    await expect(noteIn()).rejects.toThrow('ENOENT')
    expect(await invite({ INFERENCE_CLUB_PORT: '8123' })).toBe('http://127.0.0.1:8123')
  })

  it('begins with the public address that the running gateway has', async () => {
    await start({ INFERENCE_CLUB_PUBLIC_URL: 'https://club.example.org/pictures/' })
    expect(await invite()).toBe('https://club.example.org/pictures')
    expect(await invite({ INFERENCE_CLUB_PUBLIC_URL: 'https://old.example.org' })).toBe(
      'https://club.example.org/pictures'
    )
  })

  it('does not lead to a gateway that was killed', async () => {
    const server = await start()
    await server.stop('SIGKILL')
    expect(await noteIn()).toContain(server.url)
    expect(await invite()).toBe('http://127.0.0.1:8080')
    const next = await start()
    expect(await invite()).toBe(next.url)
  })
})
