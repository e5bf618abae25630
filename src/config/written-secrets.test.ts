import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ENGINES, ENV, GOOD, KEY } from '../../tests/support/agent-file.ts'
import { readAgentConfigFile } from './agent-config.ts'
import { listWrittenSecrets } from './written-secrets.ts'

const listed = (text: string) => listWrittenSecrets(parseDocument(text))
const service = (more: string) => listed(`${GOOD}    ${more}\n`)
const at = (url: string) => listed(GOOD.replace('http://127.0.0.1:8188', url))

describe('what a file holds that is secret', () => {
  it('is nothing where it only names variables, or is no agent’s', () => {
    expect(listed(GOOD)).toEqual([])
    expect(service('api_key: ${UPSTREAM_KEY}')).toEqual([])
    expect(service('api_key: ${UPSTREAM_KEY:-}')).toEqual([])
    expect(service('headers: {authorization: "Token ${T}", cookie: }')).toEqual(["comfy's header authorization"])
    expect(service('headers: {authorization: "${T}", user-agent: rig, accept-language: de}')).toEqual([])
    for (const url of ['http://${WHO}:${PASS}@host', 'http://owner:${PASS}@host']) expect(at(url)).toEqual([])
    for (const text of ['', '- a', 'services: x', 'services: [x, *y]']) expect(listed(text)).toEqual([])
  })

  it('is named by what it is of, wherever it stands', () => {
    expect(at('http://owner:geheim@127.0.0.1:9223')).toEqual(["the password in comfy's url"])
    expect(at('"${COMFY:-http://owner:geheim@127.0.0.1}"')).toEqual(["the password in comfy's url"])
    expect(at('http://owner:${PASS:-geheim}@127.0.0.1')).toEqual(["the password in comfy's url"])
    expect(at('https://host/?key=geheim')).toEqual(["the key in comfy's url"])
    expect(service('api_key: sk-1')).toEqual(["comfy's api_key"])
    expect(service('api_key: ${UPSTREAM_KEY:-sk-1}')).toEqual(["comfy's api_key"])
    expect(service('headers: {Cookie: a=b, x-api-key: abc, X-Title: rig}')).toEqual([
      "comfy's header Cookie",
      "comfy's header x-api-key"
    ])
    expect(listed('api_key: &k ic_1\nservices: [{name: a, api_key: *k}, {api_key: *k}]\n')).toEqual([
      "the gateway's key",
      "a's api_key",
      "a service's api_key"
    ])
  })
})

describe.skipIf(process.platform === 'win32')('an agent.yaml that others on the machine can read', () => {
  let folder: string
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'open-secrets-'))))
  afterEach(() => rm(folder, { recursive: true }))

  async function warningsOf(text: string, mode: number, env: NodeJS.ProcessEnv = ENV) {
    const path = join(folder, 'agent.yaml')
    await writeFile(path, text)
    await chmod(path, mode)
    return (await readAgentConfigFile({ path, env, engines: ENGINES })).warnings
  }
  const warning = (what: string) => [
    `Others on this machine can read ${what} in ${join(folder, 'agent.yaml')}: chmod 600 makes it yours alone.`
  ]

  it('is a warning that names what they can, and none when it is its owner’s alone', async () => {
    const url = GOOD.replace('//127', '//owner:geheim@127')
    expect(await warningsOf(url, 0o644)).toEqual(warning("the password in comfy's url"))
    expect(await warningsOf(url, 0o640)).toEqual(warning("the password in comfy's url"))
    expect(await warningsOf(url, 0o600)).toBeUndefined()
    expect(await warningsOf(GOOD, 0o644)).toBeUndefined()
    expect(await warningsOf(GOOD.replace('//127', '//${WHO}@127'), 0o644, { ...ENV, WHO: 'me:geheim' })).toBeUndefined()
    const all = `${GOOD.replace('${INFERENCE_CLUB_API_KEY}', KEY)}    api_key: sk-1\n    headers: {x-api-key: abc}\n`
    const words = "the gateway's key, comfy's api_key and comfy's header x-api-key"
    expect(await warningsOf(all, 0o644)).toEqual(warning(words))
    expect(await warningsOf(`${GOOD}# was ${KEY}\n`, 0o644)).toEqual(warning("the gateway's key"))
  })

  it('names five things and how many more', async () => {
    const headers = (count: number) =>
      `${GOOD}    headers: {${Array.from({ length: count }, (_, n) => `x-${n}: v`).join()}}\n`
    const [five] = (await warningsOf(headers(5), 0o644)) ?? []
    expect(five).toContain("x-3 and comfy's header x-4 in ")
    const [six] = (await warningsOf(headers(6), 0o644)) ?? []
    expect(six).toContain("comfy's header x-4 and 1 more in ")
    expect(six).not.toContain('x-5')
  })

  it('is a warning beside that of a key file that they can read, too', async () => {
    await writeFile(join(folder, 'key'), KEY)
    await chmod(join(folder, 'key'), 0o644)
    const text = GOOD.replace(/^api_key:.*$/m, 'api_key_file: key').replace('//127', '//owner:geheim@127')
    expect(await warningsOf(text, 0o644)).toEqual([
      expect.stringContaining(`the key in ${join(folder, 'key')}`),
      ...warning("the password in comfy's url")
    ])
  })
})
