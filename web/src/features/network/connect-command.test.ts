import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { checkMachine, connectCommand, EMPTY_MACHINE, FIND_OUT, questionsOf, withEngine } from './connect-command.ts'

const ACCESS = { gateway: 'https://club.example.org', repository: null }

describe('connectCommand', () => {
  it('writes the file of a demo machine and starts it', () => {
    expect(connectCommand({ ...EMPTY_MACHINE, name: 'Home rig', engine: 'demo' }, ACCESS)).toBe(
      [
        "printf 'Paste the API key, press Enter: ' && read -r${BASH_VERSION:+s}${ZSH_VERSION:+s} key && echo &&",
        "{ case $key in ic_*) ;; *) echo 'That is no API key of the gateway, which begins with ic_.' >&2; false ;; esac; } &&",
        'ls bin/inference-club &&',
        `(umask 077 && printf '%s\\n' "$key" > home-rig.key) &&`,
        `{ [ ! -e home-rig.yaml ] || { old=home-rig.yaml.$(date +%Y%m%d%H%M%S) && mv home-rig.yaml "$old" && echo "home-rig.yaml was there already: it is $old now."; }; } &&`,
        "cat > home-rig.yaml <<'EOF' &&",
        'gateway: "https://club.example.org"',
        'api_key_file: home-rig.key',
        'name: "Home rig"',
        'services:',
        '  - name: local',
        '    type: image',
        '    engine: demo',
        '    models:',
        '      - id: "demo"',
        'EOF',
        'bin/inference-club agent --config home-rig.yaml'
      ].join('\n')
    )
  })

  it('gets the program where it is known where that is, after it has asked for the key', () => {
    const repository = 'https://git.example.org/club.git'
    const machine = { ...EMPTY_MACHINE, name: 'rig', engine: 'demo' }
    const command = connectCommand(machine, { ...ACCESS, repository })
    expect(command).toBe(
      connectCommand(machine, ACCESS).replace(
        'ls bin/inference-club &&',
        [
          `{ [ -e bin/inference-club ] || [ -d inference.club ] || git clone ${repository} inference.club; } &&`,
          '{ [ -e bin/inference-club ] || cd inference.club; } && npm ci &&'
        ].join('\n')
      )
    )
  })

  it('has the agent find out what is there, whatever the name is', () => {
    const machine = { ...EMPTY_MACHINE, name: "Mara's $(rig)" }
    expect(checkMachine(machine)).toEqual({})
    expect(connectCommand(machine, ACCESS)).toBe(
      [
        "printf 'Paste the API key, press Enter: ' && read -r${BASH_VERSION:+s}${ZSH_VERSION:+s} key && echo &&",
        "{ case $key in ic_*) ;; *) echo 'That is no API key of the gateway, which begins with ic_.' >&2; false ;; esac; } &&",
        'ls bin/inference-club &&',
        `(umask 077 && printf '%s\\n' "$key" > mara-s-rig.key) &&`,
        "bin/inference-club agent --init --config mara-s-rig.yaml --gateway 'https://club.example.org' --key-file mara-s-rig.key --name 'Mara'\\''s $(rig)'"
      ].join('\n')
    )
    const listed = { ...machine, access: 'listed' as const, listed: 'a@x.org b@x.org', imagesPerHour: '5' }
    expect(connectCommand(listed, ACCESS)).toMatch(/ --access 'a@x\.org,b@x\.org' --images-per-hour 5$/)
  })

  it('lets a name be no part of the shell or of the YAML', () => {
    const command = connectCommand(
      { ...EMPTY_MACHINE, name: `x"; rm -rf ~ $(y) \${HOME}\nEOF`, engine: 'demo' },
      ACCESS
    )
    expect(command).toContain(`name: "x\\"; rm -rf ~ $(y) $\${HOME}\\nEOF"`)
    expect(command).toContain('cat > x-rm-rf-y-home-eof.yaml ')
    expect(command.match(/^EOF$/gm)).toHaveLength(1)
  })

  it.each([
    ['key', 'api_key', { serverKey: ` sk-"'$HOME\${HOME}#\\ ` }],
    ['address with a password', 'url', { url: ` http://owner:ge'h$HOME\${HOME}%23im@127.0.0.1:9223/v1 ` }],
    ['address with a key', 'url', { url: 'http://127.0.0.1:9223/v1?api-key=geheim' }]
  ] as const)(
    'asks for the %s of the image server, too, and keeps it in a file of its owner alone',
    async (_, key, part) => {
      const machine = { ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux' }
      expect(connectCommand(machine, ACCESS)).not.toMatch(/ api_key:|rm |server_/)
      const secret = Object.values(part)[0]!.trim()
      const folder = await mkdtemp(join(tmpdir(), 'inference-club-connect-'))
      const command = connectCommand({ ...machine, ...part }, ACCESS).replace(/\nbin\/.*$/, '\ntrue')
      await mkdir(join(folder, 'bin'))
      await writeFile(join(folder, 'bin', 'inference-club'), '')
      await writeFile(join(folder, 'rig.yaml'), 'of an earlier try', { mode: 0o644 })
      for (const one of ['sk-', 'HOME', 'owner', 'geheim']) expect(command).not.toContain(one)
      const input = `ic_secret\n${secret}\n`
      const { stderr, stdout } = spawnSync('sh', ['-c', command], { input, cwd: folder, encoding: 'utf8' })
      expect(stderr).toBe('')
      const [, kept = ''] = /rig\.yaml was there already: it is (\S+) now\./.exec(stdout) ?? []
      expect(await readFile(join(folder, kept), 'utf8')).toBe('of an earlier try')
      expect(await readFile(join(folder, 'rig.key'), 'utf8')).toBe('ic_secret\n')
      const file = join(folder, 'rig.yaml')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const { services } = parse(await readFile(file, 'utf8')) as { services: Record<string, string>[] }
      // What looks like a variable is none in the agent's file.
      expect(services[0]?.[key]?.replaceAll('$${', () => '${')).toBe(secret)
      expect(Object.keys(services[0]!).sort()).toEqual(
        [...new Set(['name', 'type', 'engine', 'url', 'models', key])].sort()
      )
      await rm(folder, { recursive: true })
    }
  )

  it('asks for neither where the engine has none', () => {
    const url = 'http://owner:geheim@127.0.0.1:1234'
    const machine = { ...EMPTY_MACHINE, name: 'rig', serverKey: 'sk-typed-before', url }
    for (const engine of ['demo', FIND_OUT])
      expect(connectCommand({ ...machine, engine }, ACCESS)).not.toMatch(/sk-|geheim|server_/)
  })

  it('says which server it is, and what that can, where it was chosen', () => {
    const machine = { ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux' }
    expect(connectCommand(machine, ACCESS)).not.toContain('profile')
    const localai = { ...machine, profile: 'localai', edits: 'white-edit' as const }
    expect(questionsOf(localai).edits).toBe(false)
    expect(connectCommand(localai, ACCESS)).toMatch(
      /features: \[generate, edit, seed\]\n {4}options:\n {6}profile: localai\nEOF/
    )
    const litellm = { ...machine, profile: 'litellm', edits: 'openai-alpha' as const }
    expect(connectCommand(litellm, ACCESS)).toMatch(
      /features: \[generate, edit, mask\]\n {4}options:\n {6}profile: litellm\n {6}mask: openai-alpha\nEOF/
    )
    expect(connectCommand({ ...localai, engine: 'sdcpp' }, ACCESS)).not.toContain('profile')
  })

  it('says how masks are read where images can be changed, and of seeds nothing that nobody asked its server', () => {
    const machine = { ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux' }
    expect(connectCommand(machine, ACCESS)).not.toContain('options')
    expect(connectCommand(machine, ACCESS)).toContain('features: [generate]\n')
    const edits = connectCommand({ ...machine, edits: 'white-edit' }, ACCESS)
    expect(edits).toContain('features: [generate, edit, mask]\n')
    expect(edits).toContain('mask: white-edit')
  })
})

describe('checkMachine', () => {
  it('asks a demo for a name alone', () => {
    expect(checkMachine({ ...EMPTY_MACHINE, engine: 'demo', url: '' })).toEqual({ name: expect.any(String) })
  })
  it('wants an address and a model', () => {
    expect(
      Object.keys(checkMachine({ ...EMPTY_MACHINE, engine: 'openai', name: 'rig', url: '127.0.0.1:1234' }))
    ).toEqual(['url', 'model'])
  })
})

it('is bounded as the agent reads it, at the limit and one past it', () => {
  const check = (part: Partial<typeof EMPTY_MACHINE>) =>
    Object.keys(checkMachine({ ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux', ...part }))
  const listed = (count: number, address = 'a@example.org') =>
    Array.from({ length: count }, (_, index) => `${index}${address}`).join(' ')
  const cases: [keyof typeof EMPTY_MACHINE, string, string][] = [
    ['name', 'r'.repeat(100), 'r'.repeat(101)],
    ['url', `http://gpu/${'p'.repeat(989)}`, `http://gpu/${'p'.repeat(990)}`],
    ['model', 'm'.repeat(200), 'm'.repeat(201)],
    ['serverKey', 'k'.repeat(1000), 'k'.repeat(1001)],
    ['imagesPerHour', '1000000', '1000001'],
    ['imagesPerUserHour', '1000000', '1000001'],
    ['listed', listed(1000), listed(1001)],
    ['listed', listed(1, `@${'e'.repeat(318)}`), listed(1, `@${'e'.repeat(319)}`)]
  ]
  for (const [field, most, past] of cases) {
    const part = (text: string) => ({ ...(field === 'listed' && { access: 'listed' as const }), [field]: text })
    expect(check(part(most)), field).toEqual([])
    expect(check(part(past)), field).toEqual([field])
  }
})

describe('the key of an image server', () => {
  const check = (serverKey: string) =>
    checkMachine({ ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux', serverKey })

  it('is what a header can hold', () => {
    expect(check(' sk-1 ')).toEqual({})
    for (const wrong of ['sk 1', 'sk-ä', 'sk\n1']) expect(Object.keys(check(wrong))).toEqual(['serverKey'])
  })
})

it('is a key or a user name in the address, as the agent takes one of them', () => {
  const check = (url: string, serverKey: string) =>
    Object.keys(checkMachine({ ...EMPTY_MACHINE, engine: 'openai', name: 'rig', model: 'flux', url, serverKey }))
  expect(check('http://owner:geheim@gpu', '')).toEqual([])
  expect(check('http://gpu?key=geheim', 'sk-1')).toEqual([])
  for (const url of ['http://owner:geheim@gpu', ' http://owner@gpu']) expect(check(url, 'sk-1')).toEqual(['serverKey'])
})

describe('another engine', () => {
  it('brings its usual address, unless another was typed', () => {
    const machine = { ...EMPTY_MACHINE, engine: 'openai', url: 'http://127.0.0.1:1234' }
    expect(withEngine(machine, 'demo')).toEqual({ engine: 'demo', url: 'http://127.0.0.1:1234', profile: '' })
    expect(withEngine({ ...machine, url: '', engine: 'demo' }, 'openai').url).toBe('http://127.0.0.1:1234')
    expect(withEngine({ ...machine, url: 'http://gpu:1' }, 'openai').url).toBe('http://gpu:1')
  })
})

describe('whom a machine serves', () => {
  const machine = { ...EMPTY_MACHINE, name: 'rig', engine: 'openai', model: 'flux' }
  const command = (part: Partial<typeof EMPTY_MACHINE>) => connectCommand({ ...machine, ...part }, ACCESS)

  it('is everybody without a limit unless it is said', () => {
    expect(command({})).not.toMatch(/access|images_per/)
  })

  it('is written below the service, whichever engine it has', () => {
    const listed = { access: 'listed', listed: 'a@example.org, b"#@example.org a@example.org' } as const
    for (const engine of ['openai', 'demo'] as const) {
      const text = command({ engine, ...listed, imagesPerHour: ' 200', imagesPerUserHour: '20' })
      expect(text).toContain('    access: ["a@example.org", "b\\"#@example.org"]\n')
      expect(text).toContain('    images_per_hour: 200\n    images_per_user_hour: 20\n')
    }
    expect(command({ access: 'private', imagesPerHour: '5' })).toMatch(/ {4}access: private\n {4}models/)
  })

  it('is checked', () => {
    expect(checkMachine({ ...machine, access: 'listed', listed: ' ' }).listed).toMatch(/addresses/)
    expect(checkMachine({ ...machine, access: 'listed', listed: 'anna' }).listed).toMatch(/addresses/)
    expect(checkMachine({ ...machine, access: 'listed', listed: 'anna@example.org' })).toEqual({})
    expect(checkMachine({ ...machine, imagesPerHour: '0' }).imagesPerHour).toBeDefined()
    expect(checkMachine({ ...machine, imagesPerUserHour: '1' })).toEqual({})
  })
})
