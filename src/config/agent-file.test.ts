import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENV, loadText } from '../../tests/support/agent-file.ts'
import { AgentFile } from './agent-file.ts'
import { ConfigError } from './config.ts'
import { writeAgentFile } from './write-agent-file.ts'

const open = (text: string | undefined) => new AgentFile({ text, path: 'agent.yaml', env: ENV })

const OWNERS = `# mine
gateway: https://club.example.org # the club
api_key: \${INFERENCE_CLUB_API_KEY}
name: "home-rig"

services:
  # the big one
  - name: comfy
    type: image
    engine: comfyui
    url: http://127.0.0.1:8188
    access: [a@example.org, b@example.org]
    modles:
      - id: sdxl # everybody's
        serves_as: xl.safetensors
  - name: words
    type: text
    anything: [goes, here]
`

describe('AgentFile', () => {
  it('leaves a file that needs nothing as it is', () => {
    const fine = OWNERS.replace('modles', 'models').replace('serves_as', 'served_as')
    const file = open(fine)
    file.correctKeys()
    expect(file.changes).toEqual([])
    expect(file.toString()).toBe(fine)
  })

  it('corrects misspelt keys, and keeps comments and what it does not understand', () => {
    const file = open(OWNERS)
    file.correctKeys()
    expect(file.toString()).toBe(OWNERS.replace('modles', 'models').replace('serves_as', 'served_as'))
    expect(file.changes).toEqual(['comfy: modles is models now', 'comfy: serves_as is served_as now'])
  })

  it('corrects misspelt features, and gives models that are names alone their id', () => {
    const file = open(`name: rig
services:
  - name: a
    models:
      - flux # the small one
      - id: b
        features: [generate, edits, maks, quite-another]
    found_models: ofer
  - name: c
    models: sdxl
`)
    file.correctKeys()
    expect(file.toString()).toBe(`name: rig
services:
  - name: a
    models:
      - id: flux # the small one
      - id: b
        features: [generate, edit, mask, quite-another]
    found_models: offer
  - name: c
    models:
      - id: sdxl
`)
    expect(file.changes).toEqual([
      'a: ofer is offer now',
      'a: flux is the id of a model now',
      'a: edits is edit now',
      'a: maks is mask now',
      'c: sdxl is the id of a model now'
    ])
  })

  it('is not changed by being told what it says already', () => {
    const file = open(OWNERS)
    file.set('gateway', 'https://club.example.org')
    file.setRaw('api_key', '${INFERENCE_CLUB_API_KEY}')
    file.set('name', 'home-rig')
    expect(file.changes).toEqual([])
    expect(file.toString()).toBe(OWNERS)
    file.set('name', '${INFERENCE_CLUB_API_KEY}')
    expect(file.changes).toEqual(['name is set'])
    expect(file.toString()).toContain('name: "$${INFERENCE_CLUB_API_KEY}"')
  })

  it('reads what can be read, whatever is wrong', () => {
    const [comfy, words] = open(
      OWNERS.replace('modles', 'models').replace('engine: comfyui', 'engine: [').replace('engine: [', 'engine:')
    ).services
    expect(comfy).toMatchObject({ name: 'comfy', url: 'http://127.0.0.1:8188', models: [{ id: 'sdxl' }] })
    expect(comfy).not.toHaveProperty('engine')
    expect(words).toMatchObject({ name: 'words', type: 'text', models: [] })
  })

  it('is made anew, and takes no name of a server for a variable', () => {
    const file = open(undefined)
    file.set('gateway', 'https://club.example.org')
    file.setRaw('api_key', '${INFERENCE_CLUB_API_KEY}')
    file.set('name', 'rig ${HOME}')
    const models = [
      { id: 'a', servedAs: '${UPSTREAM_KEY}', features: ['generate', 'seed'] },
      { id: 'b: [#', servedAs: 'b: [#' }
    ]
    file.add({ name: 'local', engine: 'openai', url: 'http://127.0.0.1:1', models, options: { mask: 'white-edit' } })
    const { name, services } = loadText(file.toString())
    expect(name).toBe('rig ${HOME}')
    expect(services[0]!.models).toEqual([
      { id: 'a', servedAs: '${UPSTREAM_KEY}', features: ['generate', 'seed'] },
      { id: 'b: [#', servedAs: 'b: [#', features: ['generate'] }
    ])
    expect(file.toString()).toContain('features: [generate, seed]')
    expect(file.holdsSecrets).toBe(false)
  })

  it('knows whether it holds a secret', () => {
    const secret = (from: string, to: string) => open(OWNERS.replace(from, to)).holdsSecrets
    expect(secret('x', 'x')).toBe(false)
    expect(secret('${INFERENCE_CLUB_API_KEY}', 'ic_secret')).toBe(true)
    expect(secret('http://127', 'http://me:pass@127')).toBe(true)
    expect(secret('access:', 'headers: { x-key: abc }\n    access:')).toBe(true)
  })

  describe('takes out what an engine has not', () => {
    const SERVICE = `  - name: rig
    type: image
    engine: openai
    # secret
    api_key: sk-upstream-secret
    url: http://127.0.0.1:1
    headers: { x-key: abc }
    download_from: [a.example.org]
    options:
      mask: white-edit # of old
      previews: 2
      1: { deep: yes }
      "\\e[2J": 3
      ? [a, b]
      : c
    models: [ { id: m, options: { mask: white-edit } } ]
`
    const HEAD = 'name: home-rig\nservices:\n'
    const after = (text: string, kept: { takes: string[]; options: string[] }) => {
      const file = open(HEAD + text)
      file.keepOnly(0, kept)
      return { text: file.toString(), changes: file.changes }
    }

    it('and says so of each, without what was in it; what it has, and what is of its models, stays', () => {
      const { text, changes } = after(SERVICE, { takes: ['url', 'headers'], options: ['previews'] })
      expect(text).not.toMatch(/sk-upstream|download_from|white-edit # of old|deep|\[a, b\]|2J/)
      expect(text).toContain(
        '    options:\n      previews: 2\n    models: [ { id: m, options: { mask: white-edit } } ]\n'
      )
      expect(text).toContain('headers: { x-key: abc }')
      const why = 'is taken out: the engine has no such thing'
      expect(changes).toEqual([
        `rig: api_key ${why}`,
        `rig: download_from ${why}`,
        `rig: options.mask ${why}`,
        `rig: options.1 ${why}`,
        `rig: a key of its options ${why}`,
        `rig: a key of its options ${why}`
      ])
    })

    it('and nothing of what no engine knows, of other services, or where there is nothing', () => {
      const odd = `  - name: rig\n    frob: 1\n    options: 5\n  - name: other\n    api_key: mine\n`
      expect(after(odd, { takes: [], options: [] })).toEqual({ text: HEAD + odd, changes: [] })
    })

    it('and its options altogether when none is left', () => {
      const { text } = after(SERVICE, { takes: ['url', 'api_key', 'headers'], options: [] })
      expect(text).toMatch(/headers: .*\n {4}models: /)
      expect(text).toContain('api_key: sk-upstream-secret')
    })
  })

  it.each([
    ['no YAML', 'gateway: [\nname: ic_secret'],
    ['no mapping', '- ic_secret']
  ])('leaves alone what is %s, and repeats nothing of it', (_what, text) => {
    expect(() => open(text)).toThrow(ConfigError)
    expect(() => open(text)).not.toThrow(/ic_secret/)
  })
})

describe('writeAgentFile', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inference-club-agent-file-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777

  it('makes a new file that is its owner’s alone, and leaves nothing beside it', async () => {
    const path = join(folder, 'new.yaml')
    await writeAgentFile({ path, text: 'a', before: undefined, holdsSecrets: false })
    expect(await modeOf(path)).toBe(0o600)
    expect(await readdir(folder)).toEqual(['new.yaml'])
    await expect(writeAgentFile({ path, text: 'b', before: undefined, holdsSecrets: false })).rejects.toThrow(
      /meanwhile/
    )
    expect(await readFile(path, 'utf8')).toBe('a')
  })

  it('keeps the mode, or takes it from others when it holds a secret, also behind a link', async () => {
    const path = join(folder, 'real.yaml')
    await writeFile(path, 'a')
    await chmod(path, 0o644)
    await symlink(path, join(folder, 'link.yaml'))
    await writeAgentFile({ path, text: 'b', before: 'a', holdsSecrets: false })
    expect(await modeOf(path)).toBe(0o644)
    await writeAgentFile({ path: join(folder, 'link.yaml'), text: 'c', before: 'b', holdsSecrets: true })
    expect(await modeOf(path)).toBe(0o600)
    expect(await readFile(path, 'utf8')).toBe('c')
  })

  it('writes nothing over a change of somebody else', async () => {
    const path = join(folder, 'changed.yaml')
    await writeFile(path, 'theirs')
    await expect(writeAgentFile({ path, text: 'mine', before: 'old', holdsSecrets: false })).rejects.toThrow(
      /meanwhile/
    )
    expect(await readFile(path, 'utf8')).toBe('theirs')
  })
})
