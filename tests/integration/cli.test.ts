import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { exportKey } from '../../src/lib/ask-for-key.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startFakeModels } from '../support/fake-models.ts'
import { freePort } from '../support/free-port.ts'
import { plainPng } from '../support/pictures.ts'
import { runProgram, startProgram } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let server: TestGateway
let user: TestUser
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-cli-'))
  server = await startTestGateway()
  user = await server.addUser()
  await server.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

/** The program as a person runs it next to the running gateway: the same data folder, its URL, a key of their own. */
const club = (args: readonly string[], env: Record<string, string> = {}) =>
  runProgram(args, {
    cwd: folder,
    env: {
      INFERENCE_CLUB_DATA_DIR: server.dataDir,
      INFERENCE_CLUB_URL: server.url,
      INFERENCE_CLUB_API_KEY: user.key,
      ...env
    }
  })

const ONE_LINE = /^[^\n]+\n$/

describe('help', () => {
  it.each([
    '',
    'serve',
    'agent',
    'doctor',
    'generate',
    'edit',
    'export',
    'users',
    'users add',
    'users disable',
    'users enable',
    'users invite',
    'users limit',
    'users link',
    'users list',
    'keys',
    'keys create',
    'keys change',
    'keys limit',
    'keys list',
    'keys revoke',
    'providers',
    'providers list',
    'providers approve',
    'providers block',
    'providers unblock',
    'storage',
    'storage check',
    'storage move'
  ])('is there for `%s --help`', async (command) => {
    const { code, stdout, stderr } = await club([...command.split(' ').filter(Boolean), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: ${['inference-club', command].join(' ').trim()}`)
    // A terminal shows Markdown as it is written.
    expect(stdout).not.toMatch(/`|\]\(|\*\*/)
  })

  it('of `serve` lists the environment variables', async () => {
    expect((await club(['serve', '--help'])).stdout).toContain('INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT')
  })

  it('tells the version', async () => {
    expect(await club(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  })
})

describe('a wrong call', () => {
  it.each([
    ['frobnicate', /unknown command 'frobnicate'/],
    ['generat', /unknown command 'generat'.*Did you mean generate\?/],
    ['serve --frob', /unknown option '--frob'/],
    ['users frob', /unknown command 'frob'/],
    ['keys create --frob', /unknown option '--frob'/],
    ['keys revoke', /missing required argument 'id-or-prefix'/],
    ['users add a@example.org --role boss', /Allowed choices are member, admin/],
    ['generate fox', /required option '-o, --output <file>'/],
    ['generate fox --n two -o fox.png', /must be a whole number/],
    ['edit a.png b --strength 2 -o c.png', /must be between 0 and 1/],
    ['agent', /no agent\.yaml here: --init finds .* --config <file>/],
    ['serve --port 8081', /unknown option '--port': set the variable INFERENCE_CLUB_PORT \(/],
    ['export', /required option '-o, --output <file>' not specified/],
    ['agent --init --server nowhere', /'nowhere' is no address such as http:/],
    ['doctor a.yaml b.yaml', /only one agent\.yaml/]
  ])('`%s` ends with 2 and one line', async (line, message) => {
    const { code, stdout, stderr } = await club(line.split(' '))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toMatch(message)
    expect(stderr).toContain('--help')
  })
})

describe('users', () => {
  it('are added and listed beside a running gateway', async () => {
    const email = 'Mara@Example.org'
    expect(await club(['users', 'add', email, '--name', 'Mara', '--role', 'admin'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^Added mara@example\.org \(admin\)\. A link to sign in: .*bin\/inference-club'? users link mara@example\.org\n$/
      ) as string,
      stderr: ''
    })
    const { stdout } = await club(['users', 'list'])
    expect(stdout).toMatch(/^EMAIL\tNAME\tROLE\t.*SINCE\n/)
    expect(stdout).toMatch(/^mara@example\.org\tMara\tadmin\t.*\d{4}-\d\d-\d\d \d\d:\d\d$/m)
    expect(stdout).toMatch(/^admin@localhost\tAdmin\tadmin\t/m)
  })

  it.each([
    ['twice', 'admin@localhost', /somebody with the address admin@localhost already/],
    ['without an address', 'mara', /'mara' is not an e-mail address/]
  ])('are not added %s', async (_how, email, message) => {
    const { code, stdout, stderr } = await club(['users', 'add', email])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toMatch(message)
  })
})

describe('keys', () => {
  const status = async (key: string) => (await server.call('/v1/models', { key })).status

  it('count at once when made, and no more within a second of being revoked', async () => {
    const made = await club(['keys', 'create', '--user', user.email, '--name', 'laptop'])
    expect(made.code).toBe(0)
    expect(made.stdout).toMatch(/^ic_[a-z0-9]{40}\n$/)
    const key = made.stdout.trim()
    expect(await status(key)).toBe(200)

    const listed = await club(['keys', 'list', '--user', user.email])
    const row = listed.stdout.split('\n').find((line) => line.includes('laptop'))!
    const [id = '', prefix = ''] = row.split('\t')
    expect(row).toContain(`\tlaptop\t${user.email}\tgenerate,agent\t`)
    expect(row).toMatch(/\tvalid$/)
    expect(key.startsWith(prefix.replace('…', ''))).toBe(true)
    expect(listed.stdout).not.toContain(key)

    expect(await club(['keys', 'revoke', id])).toEqual({ code: 0, stdout: `Revoked ${id}.\n`, stderr: '' })
    await waitFor(async () => (await status(key)) === 401, 1000)
    expect((await club(['keys', 'list'])).stdout).toMatch(new RegExp(`^${id}\t.*\trevoked$`, 'm'))
    expect(await club(['keys', 'revoke', id])).toMatchObject({ code: 1, stderr: `There is no valid key '${id}'.\n` })
  })

  it('are revoked by their visible beginning, as it is listed', async () => {
    const { stdout } = await club(['keys', 'create', '--user', user.email])
    const key = stdout.trim()
    const { code } = await club(['keys', 'revoke', `${key.slice(0, 10)}…`, '--user', user.email])
    expect(code).toBe(0)
    await waitFor(async () => (await status(key)) === 401, 1000)
  })

  it('have the scopes and the lifetime asked for', async () => {
    const { stdout } = await club(['keys', 'create', '--scopes', 'agent', '--expires', '30d', '--name', 'rig'])
    expect(await status(stdout.trim())).toBe(403)
    const { stdout: list } = await club(['keys', 'list', '--user', 'admin@localhost'])
    expect(list).toMatch(/\trig\tadmin@localhost\tagent\t.*\tvalid until \d{4}-/)
  })

  it('may do what their holder may: a permission of admins is refused to others', async () => {
    const count = async () => (await club(['keys', 'list', '--user', user.email])).stdout.split('\n').length
    const before = await count()
    const refused = await club(['keys', 'create', '--user', user.email, '--scopes', 'generate,admin'])
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: `--scopes: 'admin' is for admins, and ${user.email} is none.\n`
    })
    expect(await count()).toBe(before)
    expect((await club(['keys', 'create', '--scopes', 'generate,admin'])).code).toBe(0)
  })

  it('keep the limits that are not named when others are changed', async () => {
    const { stdout } = await club(['keys', 'create', '--user', user.email, '--name', 'site', '--images-per-day', '7'])
    const prefix = stdout.slice(0, 10)
    const limit = async (...args: string[]) => (await club(['keys', 'limit', prefix, ...args])).stdout
    expect(await limit('--max-active', '3', '--rate', '0')).toMatch(
      /^Limits of key_\w+ now: 7 images per UTC day; 3 images waiting and running at once; any number of calls per minute\.\n$/
    )
    expect(await limit('--images-per-day', 'none', '--models', 'demo')).toMatch(
      / now: 3 images waiting and running at once; no other models than demo; any number of calls per minute\.\n$/
    )
    expect(await limit('--rate', 'none', '--max-active', 'none', '--models', 'none')).toMatch(
      /^key_\w+ has no limit now\.\n$/
    )
    expect(await limit('--models', 'other')).toMatch(/ now: no other models than other\.\n$/)
    const models = async () => {
      const response = await server.call('/v1/models', { key: stdout.trim() })
      return ((await response.json()) as { data: unknown[] }).data.length
    }
    await waitFor(async () => (await models()) === 0, 1500)
  })

  it('say who sees what is made with them, from the next call on', async () => {
    const { stdout } = await club(['keys', 'create', '--user', user.email, '--name', 'diary', '--visibility', 'SECRET'])
    const key = stdout.trim()
    const made = async () => {
      const json = { model: 'demo', prompt: 'a fox', size: '32x32', steps: 1, async: true }
      const { id } = (await (await server.call('/v1/images/generations', { key, json })).json()) as { id: string }
      return ((await (await server.call(`/v1/jobs/${id}`, { key })).json()) as { visibility: string }).visibility
    }
    expect(await made()).toBe('SECRET')
    expect((await club(['keys', 'list'])).stdout).toMatch(/\tdiary\t.*\tSECRET\t/)
    const change = (...args: string[]) => club(['keys', 'change', key.slice(0, 10), ...args])
    expect((await change('--visibility', 'PRIVATE')).stdout).toMatch(
      /^What is made with key_\w+ is PRIVATE, where a call does not say otherwise\.\n$/
    )
    await waitFor(async () => (await made()) === 'PRIVATE', 1500)
    expect((await change('--visibility', 'none')).stdout).toMatch(/ is seen by whom its owner says, where/)
    await waitFor(async () => (await made()) === 'UNLISTED', 1500)
    expect((await change('--visibility', 'MINE')).code).toBe(2)
    expect((await change('--expires-in', '1h')).stdout).toMatch(/ is kept for 1h after its end, where/)
    expect((await change('--expires-in', 'none')).stdout).toMatch(/ is kept, where/)
    for (const wrong of ['59s', 'soon', '3651d']) expect((await change('--expires-in', wrong)).code).toBe(2)
    expect(await change()).toMatchObject({ code: 1, stderr: expect.stringContaining('--visibility') as unknown })
  })

  it.each([
    ['that is not there', ['ic_nothing', '--max-active', '1'], /no valid key 'ic_nothing'/],
    ['by a rate beyond any', ['ic_nothing', '--rate', '1000000001'], /--rate may be \d+ at most/]
  ])('are not limited: one %s', async (_what, args, message) => {
    const { code, stderr } = await club(['keys', 'limit', ...args])
    expect(code).toBeGreaterThan(0)
    expect(stderr).toMatch(message)
  })

  it.each([
    ['for nobody', ['--user', 'nobody@example.org'], /nobody with the address nobody@example\.org/],
    ['with a scope that is none', ['--scopes', 'generate,fly'], /'fly' is not one of generate, agent/],
    ['with a lifetime that is none', ['--expires', 'soon'], /must be a duration such as 30d or 12h/]
  ])('are not made %s', async (_how, args, message) => {
    const { code, stdout, stderr } = await club(['keys', 'create', ...args])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toMatch(message)
  })
})

const QUICK = ['--size', '64x48', '--steps', '2']

describe('generate', () => {
  it.each([
    ['fox.png', 'png'],
    ['fox.jpg', 'jpeg'],
    ['fox.webp', 'webp']
  ])('saves %s, and in a pipe says its name and nothing else', async (name, format) => {
    expect(await club(['generate', 'a red fox', '-o', name, ...QUICK])).toEqual({
      code: 0,
      stdout: `${name}\n`,
      stderr: ''
    })
    expect(await sharp(join(folder, name)).metadata()).toMatchObject({ format, width: 64, height: 48 })
  })

  it('finds the gateway that runs on this machine by its data folder, unless it is told of another', async () => {
    const make = (env: Record<string, string>, ...args: string[]) =>
      club(['generate', 'a red fox', '-o', 'found.png', '--force', ...QUICK, ...args], {
        INFERENCE_CLUB_URL: '',
        ...env
      })
    expect(await make({})).toMatchObject({ code: 0, stdout: 'found.png\n' })
    const elsewhere = 'http://127.0.0.1:9'
    expect((await make({}, '--url', elsewhere)).stderr).toContain(elsewhere)
    expect((await make({ INFERENCE_CLUB_URL: elsewhere })).stderr).toContain(elsewhere)
    expect((await club(['generate', '--help'])).stdout.replace(/\s+/g, ' ')).toContain(
      'the one that runs on this machine'
    )
  })

  it('saves several under numbered names', async () => {
    const { stdout } = await club(['generate', 'two lakes', '--n', '2', '-o', 'lake.png', ...QUICK])
    expect(stdout).toBe('lake-1.png\nlake-2.png\n')
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['lake-1.png', 'lake-2.png']))
  })

  it('takes short options, as its help says', async () => {
    const short = ['-m', 'demo', '-s', '64x48', '-n', '2', '--steps', '2', '-o', 'short.png']
    expect(await club(['generate', 'two hills', ...short])).toMatchObject({
      code: 0,
      stdout: 'short-1.png\nshort-2.png\n'
    })
    expect((await club(['generate', 'two hills', ...short, '-f'])).code).toBe(0)
    const [source, ...further] = ['short-1.png', '-i', 'short-2.png']
    const edit = ['edit', source, 'a storm', ...further, '-m', 'demo', '-s', '64x48', '-o', 'short.webp']
    expect(await club(edit)).toMatchObject({ code: 0, stdout: 'short.webp\n' })
    const help = async (command: string) => (await club([command, '--help'])).stdout
    for (const option of ['-o, --output', '-m, --model', '-s, --size', '-n, --n', '-f, --force']) {
      expect(await help('generate')).toContain(option)
    }
    expect(await help('edit')).toContain('-i, --image')
    expect(await help('export')).toContain('-f, --force')
    for (const command of ['agent', 'doctor']) expect(await help(command)).toContain('-c, --config')
  })

  it('replaces no file unless it is told to, and makes nothing in vain', async () => {
    await writeFile(join(folder, 'kept-2.png'), 'mine')
    const make = (...more: string[]) => club(['generate', 'a fox', '--n', '2', '-o', 'kept.png', ...QUICK, ...more])
    expect(await make()).toEqual({
      code: 1,
      stdout: '',
      stderr: "'kept-2.png' is there already: choose another name, or replace it with --force.\n"
    })
    expect(await readFile(join(folder, 'kept-2.png'), 'utf8')).toBe('mine')
    expect(await readdir(folder)).not.toContain('kept-1.png')
    expect(await make('--force')).toMatchObject({ code: 0, stdout: 'kept-1.png\nkept-2.png\n' })
    expect(await sharp(join(folder, 'kept-2.png')).metadata()).toMatchObject({ format: 'png' })
  })

  it('repeats a picture by its seed', async () => {
    const seeded = (name: string) => club(['generate', 'a dune', '--seed', '11', '-o', name, ...QUICK])
    expect((await seeded('first.png')).code).toBe(0)
    expect((await seeded('second.png')).code).toBe(0)
    const [first, second] = await Promise.all(['first.png', 'second.png'].map((name) => readFile(join(folder, name))))
    expect(first!.equals(second!)).toBe(true)
  })

  it('tells what an image was made of where its server rewrote the prompt', async () => {
    const fakes = await startFakeModels(server)
    const { user: other, model } = await fakes.newcomer()
    const b64_json = (await plainPng({ width: 32, height: 32 }, [10, 200, 30])).toString('base64')
    const says = (revised_prompt: string) =>
      model.answers({ name: 'custom', body: { created: 1, data: [{ b64_json, revised_prompt }] } })
    const run = () => club(['generate', 'a fox', '--model', model.id, '-o', 'said.png', '--force', '--key', other.key])
    says('A red fox\u001b[2J in the snow.')
    expect(await run()).toMatchObject({
      stdout: 'said.png\n',
      stderr: 'note: made of a rewritten prompt: A red fox in the snow.\n'
    })
    says('a fox')
    expect(await run()).toMatchObject({ code: 0, stderr: '' })
    await fakes.close()
  })

  it('shows the warnings of the server', async () => {
    const { code, stderr } = await club(['generate', 'a fox', '--n', '11', '-o', 'many.png', ...QUICK])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^note: 'n' was 11/)
  })

  it.each([
    ['a wrong key', ['-o', 'x.png', '--key', 'ic_wrong'], {}, /API key is missing, unknown, expired or revoked/],
    ['a server that is not there', ['-o', 'x.png'], { INFERENCE_CLUB_URL: 'http://127.0.0.1:9' }, /^No server answers/],
    ['a model that is not there', ['-o', 'x.png', '--model', 'flux'], {}, /No online image provider serves 'flux'/],
    ['what the server refuses', ['-o', 'x.png', '--size', 'big'], {}, /size/],
    ['a format that is none', ['-o', 'x.gif'], {}, /must end in \.png, \.jpg, \.jpeg or \.webp/],
    ['a folder that is not there', ['-o', 'nowhere/x.png'], {}, /'nowhere' does not exist/],
    [
      'an address that is none',
      ['-o', 'x.png', '--url', 'nowhere'],
      {},
      /^--url must be an http or https URL, such as/
    ],
    [
      'a variable that is none',
      ['-o', 'x.png'],
      { INFERENCE_CLUB_URL: 'club.example.org' },
      /^INFERENCE_CLUB_URL must begin with https:/
    ]
  ])('ends with 1 and one line for %s', async (_what, args, env, message) => {
    const { code, stdout, stderr } = await club(['generate', 'a fox', ...args], env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toMatch(message)
    expect((await readdir(folder)).filter((name) => name.startsWith('x.'))).toEqual([])
  })

  it('reaches a server that listens on an IPv6 address', async () => {
    const six = await startTestGateway({ env: { INFERENCE_CLUB_HOST: '::1' } })
    expect(new URL(six.url).hostname).toBe('[::1]')
    const { key } = await six.addUser()
    await six.addAgent({ key, services: [{}] })
    const { code } = await club(['generate', 'a fox', '-o', 'six.png', '--url', six.url, '--key', key, ...QUICK])
    expect(code).toBe(0)
    expect(await readdir(folder)).toContain('six.png')
    await six.close()
  })

  it('asks for a key when there is none, and says where the server that is meant makes one', async () => {
    const { code, stderr } = await club(['generate', 'a fox', '-o', 'x.png'], { INFERENCE_CLUB_API_KEY: '' })
    expect(code).toBe(1)
    expect(stderr).toBe(
      `Set INFERENCE_CLUB_API_KEY to your API key: the dashboard makes one, at ${server.url}/keys. A shell asks for it, and keeps it out of its history, with: ${exportKey()}\n`
    )
    const own = await club(['generate', 'a fox', '-o', 'x.png'], { INFERENCE_CLUB_API_KEY: '', INFERENCE_CLUB_URL: '' })
    expect(own.stderr).toContain('keys create')
    const none = await club(['generate', 'a fox', '-o', 'x.png'], {
      INFERENCE_CLUB_API_KEY: '',
      INFERENCE_CLUB_URL: '',
      INFERENCE_CLUB_DATA_DIR: join(folder, 'no-data-here')
    })
    expect(none.stderr).toMatch(/^Set INFERENCE_CLUB_API_KEY .* and INFERENCE_CLUB_URL to your gateway, .*\n$/)
    expect(none.stderr).not.toContain('http')
  })

  it('takes the base URL of other clients, and an address of this machine without a scheme', async () => {
    for (const url of [`${server.url}/v1/`, server.url.replace('http://', '')]) {
      expect((await club(['generate', 'a fox', '-o', 'based.png', '--force', '--url', url, ...QUICK])).code).toBe(0)
    }
  })
})

describe('a request that waits for the cap of an owner', () => {
  const wait = async (command: 'generate' | 'edit', signal: NodeJS.Signals) => {
    const fakes = await startFakeModels(server)
    const owner = await server.addUser()
    const model = await fakes.add(owner, { imagesPerHour: 1 })
    const output = `${signal}.png`
    await writeFile(join(folder, 'wait.png'), await plainPng({ width: 32, height: 32 }, [10, 200, 30]))
    const args = [...(command === 'edit' ? ['edit', 'wait.png'] : ['generate']), 'a fox', '--model', model.id]
    expect((await club([...args, '-o', 'had.png', '--force'])).code).toBe(0)
    const program = startProgram([...args, '-o', output], {
      cwd: folder,
      env: { INFERENCE_CLUB_URL: server.url, INFERENCE_CLUB_API_KEY: user.key }
    })
    await program.printed(
      /^waits: The owner's limit per hour is reached, goes on at \d\d:\d\d( on .+)? at the earliest\n/
    )
    const { code, stdout, stderr } = await program.stop(signal)
    const [, id = ''] = /^Canceled (req_\w+)\. Images that were finished stay\.\n$/m.exec(stderr) ?? []
    const job = (await (await server.call(`/v1/jobs/${id}`, { key: user.key })).json()) as { status: string }
    await fakes.close()
    expect(await readdir(folder)).not.toContain(output)
    return { code, stdout, status: job.status }
  }

  it('says so in a pipe, and is canceled by Ctrl-C', async () => {
    expect(await wait('generate', 'SIGINT')).toEqual({ code: 130, stdout: '', status: 'CANCELED' })
  })

  it('is canceled by SIGTERM, when it is an edit, too', async () => {
    expect(await wait('edit', 'SIGTERM')).toEqual({ code: 143, stdout: '', status: 'CANCELED' })
  })
})

const RED = { r: 200, g: 30, b: 30 }
const plain = (color: { r: number; g: number; b: number; alpha?: number }) =>
  sharp({ create: { width: 64, height: 64, channels: 4, background: { alpha: 1, ...color } } })

describe('edit', () => {
  beforeAll(async () => {
    await writeFile(join(folder, 'photo.png'), await plain(RED).png().toBuffer())
    await writeFile(join(folder, 'other.jpg'), await plain({ r: 0, g: 0, b: 255 }).jpeg().toBuffer())
    // Opaque, with a transparent left half: that is where it may change.
    const keep = await plain({ r: 0, g: 0, b: 0 }).resize(32, 64).png().toBuffer()
    const mask = plain({ r: 0, g: 0, b: 0, alpha: 0 }).composite([{ input: keep, left: 32, top: 0 }])
    await writeFile(join(folder, 'mask.png'), await mask.png().toBuffer())
  })

  it('changes the picture where the mask is transparent, and nowhere else', async () => {
    expect(await club(['edit', 'photo.png', 'a green meadow', '--mask', 'mask.png', '-o', 'edited.png'])).toEqual({
      code: 0,
      stdout: 'edited.png\n',
      stderr: ''
    })
    const half = async (left: number) => {
      const { data } = await sharp(join(folder, 'edited.png'))
        .removeAlpha()
        .extract({ left: left + 4, top: 0, width: 24, height: 64 })
        .raw()
        .toBuffer({ resolveWithObject: true })
      return data
    }
    const isRed = (pixels: Buffer) => pixels.every((value, index) => value === Object.values(RED)[index % 3])
    expect(isRed(await half(32))).toBe(true)
    expect(isRed(await half(0))).toBe(false)
  })

  it('takes further images', async () => {
    const { code, stdout } = await club([
      ...['edit', '--image', 'other.jpg', '--image', 'photo.png', 'photo.png', 'all of them'],
      ...['--strength', '0.5', '-o', 'joined.webp']
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'joined.webp\n' })
    expect(await sharp(join(folder, 'joined.webp')).metadata()).toMatchObject({ format: 'webp', width: 64, height: 64 })
  })

  it.each([
    ['an image that is not there', ['nowhere.png', 'x'], /There is no file 'nowhere\.png'/],
    ['a mask that is a folder', ['photo.png', 'x', '--mask', '.'], /There is no file '\.'/],
    ['a mask that is none', ['photo.png', 'x', '--mask', 'other.jpg'], /mask/]
  ])('ends with 1 and one line for %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await club(['edit', ...args, '-o', 'x.png'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toMatch(message)
  })
})

describe('agent', () => {
  const writeConfig = async (name: string, key: string, model = name) => {
    const service = `{ name: painter, type: image, engine: demo, models: [{ id: ${model} }] }`
    await writeFile(
      join(folder, `${name}.yaml`),
      `gateway: ${server.url}\napi_key: ${key}\nname: ${name}\nservices:\n  - ${service}\n`
    )
    return ['agent', '--config', `${name}.yaml`]
  }

  it('serves what its file says until it is stopped', async () => {
    const agent = startProgram(await writeConfig('rig', user.key, 'rig-model'), { cwd: folder })
    await agent.printed(/"online"/)
    const { code } = await club(['generate', 'a fox', '--model', 'rig-model', '-o', 'rig.png', ...QUICK])
    expect(code).toBe(0)
    await waitFor(() => /an image was made/.test(agent.output()))
    const { code: ended, stdout, stderr } = await agent.stop()
    expect([ended, stdout]).toEqual([0, ''])
    // Nothing ran.
    expect(stderr).not.toContain('finishing')
  })

  it('tells what it can make when it has asked, and what it cannot', async () => {
    const lists = await startFakeOpenAIServer({ knownModels: ['here', 'other'] })
    const service = (name: string, url: string, models: string[]) => ({
      ...{ name, type: 'image', engine: 'openai', url },
      models: models.map((id) => ({ id }))
    })
    const services = [
      service('lists', lists.url, ['here', 'not-listed']),
      service('away', `http://127.0.0.1:${await freePort()}`, ['here', 'gone'])
    ]
    const start = async (name: string, offered: typeof services) => {
      const config = { gateway: server.url, api_key: user.key, name, services: offered }
      await writeFile(join(folder, `${name}.yaml`), JSON.stringify(config))
      const agent = startProgram(['agent', '--config', `${name}.yaml`], { cwd: folder })
      const [line] = await agent.printed(/.*"msg":"online".*/)
      await agent.stop()
      return JSON.parse(line) as { models: string[]; not_now?: string[] }
    }
    expect(await start('some', services)).toMatchObject({ models: ['here'], not_now: ['not-listed', 'gone'] })
    expect(await start('none', services.slice(1))).toMatchObject({ models: [], not_now: ['here', 'gone'] })
    await lists.close()
  })

  it('says in one line that the gateway will not have it', async () => {
    const { code, stderr } = await club([...(await writeConfig('stranger', 'ic_unknown')), '--log-level', 'fatal'])
    expect(code).toBe(1)
    expect(stderr).toMatch(ONE_LINE)
  })

  it('takes the agent.yaml of the folder where it is started, as doctor does', async () => {
    const cwd = await mkdtemp(join(folder, 'usual-'))
    await writeFile(join(cwd, 'agent.yaml'), 'gateway: ftp://x\nname: rig\nservices: []\n')
    const { code, stderr } = await runProgram(['agent'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toContain('agent.yaml')
    expect(stderr).toContain('gateway')
  })

  it.each([
    ['that there is no such file', 'missing.yaml', undefined, ['missing.yaml: there is no such file']],
    [
      'every mistake in it',
      'wrong.yaml',
      'gateway: ftp://x\nname: rig\nservices: []\n',
      ['gateway', 'api_key', 'services']
    ]
  ])('tells %s', async (_what, file, content, expected) => {
    if (content !== undefined) await writeFile(join(folder, file), content)
    const { code, stdout, stderr } = await club(['agent', '--config', file])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const part of expected) expect(stderr).toContain(part)
  })
})

describe('providers', () => {
  it('are listed, let in, shut out and let back beside the gateway that runs', async () => {
    const owner = await server.addUser()
    const name = 'rig of the command line'
    await server.addAgent({ key: owner.key, name, services: [{}] })
    await server.database.db
      .updateTable('providers')
      .set({ trust: 'pending', trust_by: null })
      .where('name', '=', name)
      .execute()
    const line = async () => (await club(['providers', 'list'])).stdout.split('\n').find((one) => one.includes(name))
    expect(await line()).toMatch(/online\tpending\t/)
    expect((await club(['providers', 'approve', name])).stdout).toBe(
      `${name} may serve others now, few images at first.\n`
    )
    expect(await line()).toMatch(/online\tlimited\t/)
    expect((await club(['providers', 'approve', name])).stdout).toBe(`${name} is trusted now.\n`)
    expect(await line()).toMatch(/online\ttrusted\t/)
    expect((await club(['providers', 'block', name])).stdout).toBe(`${name} serves its owner alone now.\n`)
    expect(await line()).toMatch(/online\tblocked\t/)
    const wrong = await club(['providers', 'approve', name])
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(ONE_LINE)
    expect((await club(['providers', 'unblock', name])).stdout).toBe(`${name} may serve others again.\n`)
    expect((await club(['providers', 'approve', 'nothing'])).stderr).toBe("There is no machine 'nothing'.\n")
    expect(await line()).not.toContain('not now')
    const rig = server.database.db.selectFrom('providers').select('id').where('name', '=', name)
    const { id } = await server.database.db
      .selectFrom('services')
      .select('id')
      .where('provider_id', 'in', rig)
      .executeTakeFirstOrThrow()
    const pause = { service_id: id, model: '', reason: 'unreachable', since: Date.now(), until: 2 ** 52, in_row: 1 }
    await server.database.db.insertInto('service_pauses').values(pause).execute()
    expect(await line()).toMatch(/\(not now\)\t/)
  })
})
