import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Sighting } from '../../src/cli/doctor/survey.ts'
import { takeUnsure } from '../../src/cli/doctor/explain-nothing.ts'
import { ENGINES } from '../../src/engines/engine-descriptions.ts'
import type { Recognised } from '../../src/engines/fingerprint.ts'
import { parseListening } from '../../src/cli/doctor/find-exposure.ts'
import { startFakeComfy } from '../support/fake-comfyui-server.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startFakeSdapi } from '../support/fake-sdapi.ts'
import { freePort } from '../support/free-port.ts'
import { runProgram, startProgram } from '../support/run-program.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let folder: string
const open: { close(): Promise<void> }[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-doctor-'))
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  await rm(folder, { recursive: true })
})

const started = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting
  open.push(server)
  return server
}
const club = (args: readonly string[], env: Record<string, string> = {}) => runProgram(args, { cwd: folder, env })
const path = () => join(folder, 'agent.yaml')
const written = () => readFile(path(), 'utf8')
const modeOf = async () => (await stat(path())).mode & 0o777

const HEAD = 'gateway: http://127.0.0.1:9\napi_key: ic_theOwnersSecretKey\nname: rig\nservices:\n'

describe('doctor', () => {
  it('tells of two engines at once, and writes a file for both', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    const sdapi = await started(startFakeSdapi())
    const { code, stdout } = await club(['doctor', comfy.url, sdapi.url, '--write'], {
      INFERENCE_CLUB_API_KEY: 'ic_abc'
    })
    expect(stdout).toMatch(/^ADDRESS\tSERVER\tENGINE\tMODELS\tSERVICE\tSTATE$/m)
    expect(stdout).toContain(
      `${comfy.url}\tComfyUI 0.3.64 on cpu\tcomfyui\tsd15, juggernautXL, sd15-inpainting\t-\tready`
    )
    expect(stdout).toContain(`${sdapi.url}\tstable-diffusion-webui\tautomatic1111\tdream\t-\tready`)
    expect({ code, right: stdout.includes('agent.yaml is right now.') }).toEqual({ code: 0, right: true })
    const file = await written()
    expect(file).toContain('api_key: ${INFERENCE_CLUB_API_KEY}')
    expect(file).toContain('engine: comfyui')
    expect(file).toContain('served_as: xl/juggernautXL.safetensors')
    expect(file).toContain('features: [generate, edit, mask, negative_prompt, seed, preview]')
    expect(await modeOf()).toBe(0o600)
    // Once more changes nothing.
    const again = await club(['doctor', comfy.url, sdapi.url, '--write'], { INFERENCE_CLUB_API_KEY: 'ic_abc' })
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('agent.yaml needs no change.') })
    expect(again.stdout).not.toContain('right')
    expect(await written()).toBe(file)
  })

  it.each([
    ['doctor', '--write'],
    ['agent', '--init', '--no-start', '--server']
  ])(
    'says and writes which of many kinds of servers it found, and leaves another that is written: %s',
    async (...command) => {
      const server = await started(
        startScriptedServer({
          'GET /health/liveliness': { json: "I'm alive!" },
          'GET /v1/models': { json: { data: [{ id: 'gpt-image-1' }] } },
          'GET /v1/images/generations': { status: 405, json: {} }
        })
      )
      const env = { INFERENCE_CLUB_API_KEY: 'ic_abc', INFERENCE_CLUB_URL: 'http://127.0.0.1:9' }
      const { stdout } = await club([...command, server.url], env)
      expect(stdout).toContain(`${server.url}\tLiteLLM\topenai\tgpt-image-1\t-\tready`)
      const file = await written()
      expect(parse(file)).toMatchObject({ services: [{ engine: 'openai', options: { profile: 'litellm' } }] })
      const owners = file.replace('profile: litellm', 'profile: localai')
      await writeFile(path(), owners)
      await club([...command, server.url], env)
      expect(await written()).toBe(owners)
    }
  )

  it('corrects an owner’s file and keeps the rest, its key to itself', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    const sdapi = await started(startFakeSdapi({ checkpoints: [{ file: 'dream-shaper.safetensors' }] }))
    const text = `# mine
${HEAD}  # the good one
  - name: comfy
    type: image
    engine: comfy
    url: ${comfy.url} # here
    modles:
      - id: sdxl
        served_as: XL/juggernautXL.safetensor
  - name: webui
    type: image
    engine: openai
    url: ${sdapi.url}
    download_from: [a.example.org]
    models: [{id: dream, served_as: Dream_Shaper.ckpt}]
    options:
      mask: white-edit
  - name: words
    type: text
    whatever: [1]
`
    await writeFile(path(), text)
    await chmod(path(), 0o644)
    const looked = await club(['doctor', 'agent.yaml'])
    expect(looked.code).toBe(1)
    expect(looked.stdout).toContain('With --write, in agent.yaml:')
    expect(await written()).toBe(text)

    const { stdout, stderr } = await club(['doctor', 'agent.yaml', '--write'])
    const corrected = await written()
    expect(corrected).toBe(
      text
        .replace('engine: comfy\n', 'engine: comfyui\n')
        .replace('modles', 'models')
        .replace('XL/juggernautXL.safetensor\n', 'xl/juggernautXL.safetensors\n')
        .replace('engine: openai', 'engine: automatic1111')
        .replace('    download_from: [a.example.org]\n', '')
        .replace('Dream_Shaper.ckpt', 'dream-shaper.safetensors')
        .replace('    options:\n      mask: white-edit\n', '')
    )
    expect(await modeOf()).toBe(0o600)
    expect(stdout).toContain(`webui: engine is automatic1111 now: stable-diffusion-webui answers there`)
    // What it cannot know is told, and stays.
    expect(stderr).toContain('services[2].whatever is not known')
    expect(stdout + stderr + looked.stdout + looked.stderr).not.toContain('theOwnersSecretKey')
  })

  it('renames misspelt keys where they stand, with what is behind them, and fills in nothing beside them', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    const text = `gatway: http://127.0.0.1:9 # ours
api_kye: ic_theOwnersSecretKey
nmae: rig
servces:
  - nam: comfy
    typ: image
    enigne: comfyui
    ulr: ${comfy.url}
    acess: private
    modles: [{idd: sdxl, serverd_as: xl/juggernautXL.safetensors}]
`
    await writeFile(path(), text)
    const looked = await club(['doctor', 'agent.yaml'])
    const { code, stdout, stderr } = await club(['doctor', 'agent.yaml', '--write'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await written()).toBe(
      text
        .replace('gatway', 'gateway')
        .replace('api_kye', 'api_key')
        .replace('nmae', 'name')
        .replace('servces', 'services')
        .replace('nam:', 'name:')
        .replace('typ:', 'type:')
        .replace('enigne', 'engine')
        .replace('ulr', 'url')
        .replace('acess', 'access')
        .replace('modles', 'models')
        .replace('idd', 'id')
        .replace('serverd_as', 'served_as')
    )
    // What is done is what was promised.
    expect(stdout).toContain('agent.yaml was corrected:')
    expect(stdout).toMatch(/^agent\.yaml is right now\.$/m)
    expect(stdout).not.toContain('as it is')
    const changesIn = (output: string) => output.split('\n').filter((line) => line.startsWith('  '))
    expect(changesIn(stdout)).toEqual(changesIn(looked.stdout))
    expect(changesIn(stdout)).toContain('  gatway is gateway now')
  })

  it.each([
    ['sdxl-trubo', 1, /^ {2}a: .*does not list the model 'sdxl-trubo'/m],
    ['my-own', 1, /^ {2}a: .*lists 'sdxl-turbo' alone, not 'my-own': a misspelling\?/m],
    ['SDXL-turbo', 0, /^$/]
  ])('says of the model %j what is wrong where the server lists another alone', async (id, rc, problem) => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['sdxl-turbo'] }))
    await writeFile(
      path(),
      `${HEAD}  - {name: a, type: image, engine: openai, url: "${server.url}", models: [{id: ${id}}]}\n`
    )
    const { code, stdout, stderr } = await club(['doctor', 'agent.yaml'])
    expect({ code, isRight: stdout.includes('is right as it is') }).toEqual({ code: rc, isRight: rc === 0 })
    expect(stderr).toMatch(problem)
    const asks =
      "a: if its model sdxl-trubo is the one that the server calls sdxl-turbo, write 'served_as: sdxl-turbo' for it."
    expect(stdout.includes(asks)).toBe(id === 'sdxl-trubo')
  })

  it.each([
    ['tiny-sd', ['tiny-sd-v2']],
    ['tiny-sd', ['tiny-sd-v2', 'tiny-sd-v3']],
    ['sdxl-trubo', ['sdxl-turbo', 'other']],
    ['flux', ['flux1-schnell-q4']],
    ['a/sdxl-turbo', ['b/sdxl-turbo']],
    ['sd-v1', ['sd-v11']],
    ['sdxl_turbo', ['sdxl-turbo', 'SDXL.turbo']]
  ])('puts no other model in the place of %j where the server has %j', async (id, knownModels) => {
    const server = await started(startFakeOpenAIServer({ knownModels }))
    const text = `${HEAD}  - {name: a, type: image, engine: openai, url: "${server.url}", models: [{id: ${id}}]}\n`
    await writeFile(path(), text)
    const { code, stdout, stderr } = await club(['doctor', 'agent.yaml', '--write'])
    expect({ code, isFine: /needs no change|right/.test(stdout), file: await written() }).toEqual({
      code: 1,
      isFine: false,
      file: text
    })
    expect(stdout + stderr).toContain(knownModels[0])
  })

  it.each([
    ['Sdxl_Turbo', 'sdxl-turbo'],
    ['sdxl turbo', 'org/sdxl-turbo'],
    ['org/sdxl.turbo', 'sdxl-turbo'],
    ['sdxl-turbo.ckpt', 'sdxl-turbo.safetensors']
  ])('calls %j as the server does, %j, and leaves the name that callers ask for', async (servedAs, known) => {
    const server = await started(startFakeOpenAIServer({ knownModels: [known, 'another'] }))
    const model = `{id: mine, served_as: "${servedAs}"}`
    await writeFile(
      path(),
      `${HEAD}  - {name: a, type: image, engine: openai, url: "${server.url}", models: [${model}]}\n`
    )
    expect((await club(['doctor', 'agent.yaml', '--write'])).code).toBe(0)
    expect(parse(await written())).toMatchObject({ services: [{ models: [{ id: 'mine', served_as: known }] }] })
  })

  it('leaves the name that callers ask for where a model is a name alone', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['flux1-schnell-q4'] }))
    await writeFile(path(), `${HEAD}  - {name: a, type: image, engine: openai, url: "${server.url}", models: [flux1_schnell_q4]}\n`) // prettier-ignore
    const { code, stdout } = await club(['doctor', 'agent.yaml', '--write'])
    expect(code).toBe(0)
    expect(stdout).toContain('callers ask for flux1_schnell_q4: rename the id, too, if that is a slip')
    expect(parse(await written())).toMatchObject({ services: [{ models: [{ id: 'flux1_schnell_q4', served_as: 'flux1-schnell-q4' }] }] }) // prettier-ignore
  })

  it('of what it cannot correct says what is wrong, and not that no change is needed', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['sdxl', 'flux'] }))
    const service = `{name: a, type: image, engine: openai, url: "${server.url}", models: [{id: quite-another}]}`
    await writeFile(path(), `${HEAD}  - ${service}\n`)
    const { code, stdout, stderr } = await club(['doctor', 'agent.yaml', '--write'])
    expect({ code, isFine: /needs no change|right/.test(stdout) }).toEqual({ code: 1, isFine: false })
    expect(stderr).toContain("does not list the model 'quite-another'")
  })

  it.each([
    ['a key that is wrong', 'api_key: wrong, ', { refused: true, asked: false }],
    ['no key', '', { refused: true, asked: true }]
  ])('with %s says the one thing that is to be done', async (_, key, told) => {
    const server = await started(startFakeOpenAIServer({ requiredApiKey: 'sk-upstream' }))
    const service = `{name: a, type: image, engine: openai, url: "${server.url}", ${key}models: [{id: sdxl}]}`
    await writeFile(path(), `${HEAD}  - ${service}\n`)
    const { code, stdout, stderr } = await club(['doctor', 'agent.yaml'])
    const refused = stderr.includes('API key')
    expect({ code, refused, asked: stdout.includes('It asks for a key') }).toEqual({ code: 1, ...told })
  })

  it('finds a server that has moved', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    const old = `http://127.0.0.1:${await freePort()}`
    await writeFile(
      path(),
      `${HEAD}  - {name: comfy, type: image, engine: comfyui, url: "${old}", models: [{id: sd15}]}\n`
    )
    const { code, stdout } = await club(['doctor', comfy.url, '--write'])
    expect(stdout).toContain(`${old}\t-\t-\t-\tcomfy\tnothing is there`)
    expect(await written()).toContain(`url: "${comfy.url}"`)
    expect(code).toBe(0)
  })

  it.each([
    ['doctor', '--config', 'moved.yaml'],
    ['doctor', 'moved.yaml', '--write'],
    ['agent', '--init', '--no-start', '--config', 'moved.yaml', '--server']
  ])('names the variable of the key of a server that has moved and lets nobody in: %s', async (...command) => {
    const server = await started(startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['flux-dev'] }))
    const old = `http://127.0.0.1:${await freePort()}`
    const text = `${HEAD}  - {name: a, type: image, engine: openai, url: "${old}", api_key: sk-upstream, models: [{id: flux-dev}]}\n`
    await writeFile(join(folder, 'moved.yaml'), text)
    const { stdout } = await club([...command, server.url])
    expect(stdout).toMatch(
      /asks? for a key.* Set INFERENCE_CLUB_IMAGE_SERVER_KEY to it, or run this at a terminal, which asks for it\.$/m
    )
    const env = { INFERENCE_CLUB_IMAGE_SERVER_KEY: 'sk-upstream' }
    expect((await club([...command, server.url], env)).stdout).not.toContain('INFERENCE_CLUB_IMAGE_SERVER_KEY')
    // Of several it cannot be known whose it is.
    await writeFile(join(folder, 'moved.yaml'), text)
    const other = await started(startFakeOpenAIServer({ requiredApiKey: 'sk-other', knownModels: ['sdxl'] }))
    const more = command[0] === 'agent' ? ['--server', other.url] : [other.url]
    expect((await club([...command, server.url, ...more])).stdout).toContain(
      'give the address of this one alone and set'
    )
  })

  it('moves a service to a server of which only a trial tells that it makes images, with the terms of its owner', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['flux1-schnell-q4'] }))
    const old = `http://127.0.0.1:${await freePort()}`
    const text = `${HEAD}  - {name: openai, type: image, engine: openai, url: "${old}", images_per_hour: 12, models: [{id: flux, served_as: flux1_schnell_q4}]}\n`
    await writeFile(path(), text)
    const { code, stdout, stderr } = await club(['doctor', server.url, '--try', '--write'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Having ${server.url} make a small image…\n` })
    expect(stdout).not.toContain('is added')
    expect(await written()).toBe(text.replace(old, server.url).replace('flux1_schnell_q4', 'flux1-schnell-q4'))
  })

  it('asks which server is whose where several may be, and gives none terms that its owner did not write', async () => {
    const [one, other] = await Promise.all(['a-flux', 'b-flux'].map((name) => started(startFakeOpenAIServer({ knownModels: [name] })))) // prettier-ignore
    const dead = async (name: string, model: string, more: string) =>
      `  - {name: ${name}, type: image, engine: openai, url: "http://127.0.0.1:${await freePort()}", ${more}, models: [{id: ${model}}]}\n`
    await writeFile(path(), `${HEAD}${await dead('capped', 'mine', 'images_per_hour: 12')}`)
    const before = await written()
    const { stdout } = await club(['doctor', one!.url, other!.url, '--write'])
    expect(stdout).toContain(`capped: nothing is at its address. If its server is at ${one!.url}, ${other!.url}, write`)
    expect(await written()).toBe(before)
    // Their models tell.
    await writeFile(path(), `${HEAD}${await dead('b', 'b-flux', 'access: private')}${await dead('a', 'a-flux', 'images_per_hour: 1')}`) // prettier-ignore
    expect((await club(['doctor', one!.url, other!.url, '--write'])).code).toBe(0)
    expect(parse(await written())).toMatchObject({
      services: [{ url: other!.url, access: 'private' }, { url: one!.url, images_per_hour: 1 }] // prettier-ignore
    })
  })

  it('finds a server that has moved where another has taken its place', async () => {
    const [sdapi, comfy] = await Promise.all([started(startFakeSdapi()), started(startFakeComfy({ diffusionModels: [] }))]) // prettier-ignore
    const text = `${HEAD}  - {name: comfy, type: image, engine: comfyui, url: "${sdapi.url}", access: private, models: [{id: sd15}]}\n`
    await writeFile(path(), text)
    const { stdout } = await club(['doctor', comfy.url, '--write'])
    expect((await written()).startsWith(text.replace(sdapi.url, comfy.url))).toBe(true)
    expect(stdout).toContain(`comfy: url is ${comfy.url} now`)
  })

  it('says that a service it adds is open to all where its owner has limited others', async () => {
    const [mine, comfy] = await Promise.all([
      started(startFakeOpenAIServer({ knownModels: ['sdxl'] })),
      started(startFakeComfy({ diffusionModels: [] }))
    ])
    await writeFile(path(), `${HEAD}  - {name: a, type: image, engine: openai, url: "${mine.url}", access: private, models: [{id: sdxl}]}\n`) // prettier-ignore
    const { stdout } = await club(['doctor', comfy.url, 'agent.yaml', '--write'])
    expect(stdout).toMatch(/comfyui is added: .*; all members may use it without a limit, unlike others of the file$/m)
  })

  it.each([
    ['doctor', '--write'],
    ['agent', '--init', '--no-start', '--server']
  ])(
    'takes the key of an image server that wants one from a variable, and keeps it to itself: %s',
    async (...command) => {
      const server = await started(startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['flux-dev'] }))
      const env = { INFERENCE_CLUB_API_KEY: 'ic_abc', INFERENCE_CLUB_URL: 'http://127.0.0.1:9' }
      const without = await club([...command, server.url], env)
      expect(without).toMatchObject({
        code: 1,
        stdout: expect.stringContaining(`a server that asks for a key\t-\t-\t-\twants a key`),
        stderr: `${server.url} lets nobody in without a key: set INFERENCE_CLUB_IMAGE_SERVER_KEY to it, or run this at a terminal, which asks for it.\n`
      })
      const wrong = await club([...command, server.url], { ...env, INFERENCE_CLUB_IMAGE_SERVER_KEY: 'sk-wrong' })
      expect(wrong).toMatchObject({ code: 1, stderr: `${server.url} refuses the key that it was given.\n` })
      await expect(written()).rejects.toThrow('ENOENT')
      const right = await club([...command, server.url], { ...env, INFERENCE_CLUB_IMAGE_SERVER_KEY: 'sk-upstream' })
      expect({ code: right.code, stderr: right.stderr }).toEqual({ code: 0, stderr: '' })
      expect(parse(await written())).toMatchObject({ services: [{ engine: 'openai', api_key: 'sk-upstream' }] })
      expect(await modeOf()).toBe(0o600)
      expect(JSON.stringify([without, wrong, right])).not.toMatch(/sk-(upstream|wrong)/)
    }
  )

  it.each([
    ['more characters than the file may have', 'k'.repeat(1001), 'may have at most 1000 characters'],
    ['what no header can have', 'sk-up\u0007stream', 'must be without control characters']
  ])('does not send a key of the variable that has %s', async (_what, key, problem) => {
    const last = 'k'.repeat(1000)
    const server = await started(startFakeOpenAIServer({ requiredApiKey: last, knownModels: ['flux-dev'] }))
    const run = (given: string) =>
      club(['doctor', server.url, '--write'], {
        INFERENCE_CLUB_API_KEY: 'ic_abc',
        INFERENCE_CLUB_IMAGE_SERVER_KEY: given
      })
    expect(await run(key)).toMatchObject({ code: 1, stderr: `INFERENCE_CLUB_IMAGE_SERVER_KEY ${problem}.\n` })
    await expect(written()).rejects.toThrow('ENOENT')
    expect((await run(last)).code).toBe(0)
    expect(parse(await written())).toMatchObject({ services: [{ api_key: last }] })
  })

  it('gives a service without a key the one that its server was opened with', async () => {
    const server = await started(startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['sdxl'] }))
    await writeFile(path(), `${HEAD}  - {name: a, type: image, engine: openai, url: "${server.url}", models: [{id: sdxl}]}\n`) // prettier-ignore
    const env = { INFERENCE_CLUB_IMAGE_SERVER_KEY: 'sk-upstream' }
    const { code, stdout } = await club(['doctor', 'agent.yaml', '--write'], env)
    expect({ code, told: stdout.includes('  a: api_key is set\n') }).toEqual({ code: 0, told: true })
    expect(parse(await written())).toMatchObject({ services: [{ api_key: 'sk-upstream' }] })
  })

  it('writes what is not known to make images only where its address was given, or --try has shown it', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['flux-dev'] }))
    const { code, stdout, stderr } = await club(['doctor', server.url, '--try'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Having ${server.url} make a small image…\n` })
    expect(stdout).toMatch(/flux-dev\t-\tmade 512x512 in \d+\.\d s$/m)
    expect(stdout).not.toContain('not known')
  })

  it('tries three models at most whose names tell nothing, and those alone whose address was given', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['a', 'b', 'c', 'd'].map((x) => `sunny-${x}`) }))
    const line = `Having ${server.url} make a small image…\n`
    expect(await club(['doctor', server.url, '--try'])).toMatchObject({
      code: 0,
      stderr: line,
      stdout: expect.stringMatching(/sunny-c and 1 more\t-\tmade 512x512 in/)
    })
    server.setBehaviour({ default: 'error_500' })
    expect((await club(['doctor', server.url, '--try'])).stderr).toBe(line.repeat(3))
  })

  it('says what has failed', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['flux-dev'] }))
    server.setBehaviour({ default: 'error_500' })
    expect((await club(['doctor', server.url, '--try'])).stdout).toMatch(/flux-dev\t-\tfailed: /m)
  })

  it('says that nothing is there', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`
    const { code, stdout, stderr } = await club(['doctor', nowhere, '--write'])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `No image server that can be used was found (looked at http://${nowhere}). Start it first, or give its address.\n`
    })
    expect(stdout).toContain('nothing is there')
    await expect(written()).rejects.toThrow()
  })

  it.each(['endless', 'silent'] as const)('survives a server that is %s', async (how) => {
    const server = await started(startScriptedServer({ '*': how }))
    expect((await club(['doctor', server.url])).code).toBe(1)
  })

  it('lets no server reach the terminal, the file or other hosts', async () => {
    const name = '\u001b]0;owned\u0007flux\u001b[2J ${HOME}'
    const elsewhere = await started(startScriptedServer({}))
    const server = await started(
      startScriptedServer({
        'GET /v1/models': {
          json: { data: [{ id: name }, { id: 'flux-${INFERENCE_CLUB_API_KEY}' }, { id: `flux${'x'.repeat(5000)}` }] }
        },
        'GET /v1/images/generations': { status: 405 },
        '*': { status: 307, location: elsewhere.url }
      })
    )
    const { stdout, stderr } = await club(['doctor', server.url, '--write'], {
      INFERENCE_CLUB_API_KEY: 'ic_secretOfTheShell'
    })
    const file = await written()
    // eslint-disable-next-line no-control-regex -- the very thing that is looked for
    expect(stdout + stderr + file).not.toMatch(/\u001b|\u0007|owned/)
    expect(file).toContain('served_as: flux-$${INFERENCE_CLUB_API_KEY}')
    expect(stdout + stderr + file).not.toContain('secretOfTheShell')
    expect(elsewhere.calls).toEqual([])
  })

  it('sends the key of a service to its server alone, and shows none', async () => {
    const [mine, other] = await Promise.all([
      started(startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['sdxl'] })),
      started(startScriptedServer({}))
    ])
    await writeFile(
      path(),
      `${HEAD}  - {name: a, type: image, engine: openai, url: "${mine.url}", api_key: sk-upstream, models: [{id: sdxl}]}\n`
    )
    const { code, stdout, stderr } = await club(['doctor', 'agent.yaml', other.url])
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('sk-upstream')
    expect(other.headers.some(({ authorization }) => authorization !== undefined)).toBe(false)
  })

  it('leaves alone what is no YAML', async () => {
    await writeFile(path(), 'services: [ic_secret')
    const { code, stderr } = await club(['doctor', '--write'])
    expect({ code, kept: await written() }).toEqual({ code: 1, kept: 'services: [ic_secret' })
    expect(stderr).not.toContain('ic_secret')
  })

  it.runIf(process.platform === 'linux')('warns of a server that others can reach', async () => {
    const script = {
      'GET /v1/models': { json: { data: [{ id: 'flux' }] } },
      'GET /v1/images/generations': { status: 405 }
    }
    const [wide, own] = await Promise.all([
      started(startScriptedServer(script, { host: '0.0.0.0' })),
      started(startScriptedServer(script))
    ])
    const { stdout } = await club(['doctor', wide.url, own.url])
    expect(stdout).toContain(`WARNING ${wide.url} can be reached from every network of this machine.`)
    expect(stdout).not.toContain(`WARNING ${own.url}`)
  })
})

describe('parseListening', () => {
  it('reads addresses and ports, of sockets that listen alone', () => {
    const v4 = '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1'
    const v6 = '   1: 00000000000000000000000000000000:1E61 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 1'
    const mapped =
      '   2: 0000000000000000FFFF00000500A8C0:1E61 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 1'
    const one = '   3: 00000000000000000000000001000000:1E61 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 1'
    const busy = v4.replace(' 0A ', ' 01 ')
    expect(parseListening(`  sl  local_address rem_address\n${[v4, v6, mapped, one, busy].join('\n')}\n`)).toEqual([
      { address: '127.0.0.1', port: 8080 },
      { address: '::', port: 7777 },
      { address: '192.168.0.5', port: 7777 },
      { address: '::1', port: 7777 }
    ])
  })
})

describe('what agent --init takes where nobody can be asked', () => {
  const sighting = (port: number, found: Partial<Recognised>): Sighting => ({
    url: `http://127.0.0.1:${port}`,
    shown: `http://127.0.0.1:${port}`,
    isNamed: false,
    contact: 'answers',
    found: [{ engine: ENGINES.find(({ name }) => name === 'openai')!, server: 'one', models: [{ servedAs: 'x' }], ...found }] // prettier-ignore
  })
  const [one, other] = [sighting(1234, { isUnsure: true }), sighting(1235, { isUnsure: true })]
  const useless = sighting(1236, { models: [] })

  const ways = {
    byAddress: 'give its address as --server <url>',
    naming: (url: string) => `--server ${url}`,
    trying: (url: string) => `'doctor ${url} --try'`
  }

  it('is the only server of which it is not known whether it makes images', () => {
    expect(takeUnsure([useless, one], ways)).toEqual({ ...one, isNamed: true })
  })

  it('is none of several, nor one without models: it names the option that it has', () => {
    expect(() => takeUnsure([one, other], ways)).toThrow('--server http://127.0.0.1:1234')
    const unclear = sighting(1237, { models: [], unclear: [{ servedAs: 'llama' }], isUnsure: true })
    expect(() => takeUnsure([unclear], ways)).toThrow('--server http://127.0.0.1:1237')
    expect(() => takeUnsure([useless], ways)).toThrow('--server <url>')
  })
})

describe('agent --init', () => {
  it('tells of an option of another command with its name', async () => {
    const server = await started(startFakeOpenAIServer({ knownModels: ['flux-dev'] }))
    const args = ['--gateway', 'http://127.0.0.1:9', '--key', 'ic_x', '--server', server.url]
    const { code, stdout, stderr } = await club(['agent', '--init', '--no-start', ...args])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('unsure')
    expect(stdout.match(/\S+ --\S+/g)).toEqual(["'doctor --try'", 'agent --config'])
  })

  it('takes what is behind a misspelt key for what is meant', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    await writeFile(path(), 'gatway: https://club.example.org\napi_kye: ic_old\nname: rig\n')
    const { code } = await club(['agent', '--init', '--no-start', '--server', comfy.url])
    expect(code).toBe(0)
    expect(await written()).toMatch(/^gateway: https:\/\/club\.example\.org\napi_key: ic_old\nname: rig\n/)
  })

  it('goes from nothing to serving in one command', async () => {
    const gateway = await started(startTestGateway())
    const user = await gateway.addUser()
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    await writeFile(join(folder, 'rig.key'), user.key, { mode: 0o600 })
    const flags = ['--gateway', gateway.url, '--key-file', 'rig.key', '--name', 'my rig', '--access', 'private']
    const agent = startProgram(['agent', '--init', '--server', comfy.url, ...flags], { cwd: folder })
    try {
      await agent.printed(/online/)
      await waitFor(async () => {
        const models = await gateway.call('/v1/models', { key: user.key })
        return (await models.text()).includes('juggernautXL')
      })
    } finally {
      await agent.stop()
    }
    expect(await written()).toContain('api_key_file: rig.key\nname: my rig\n')
    expect(await written()).toContain('access: private')
    expect(agent.output()).not.toContain(user.key)
  })

  it('writes a given key where nobody else reads it, and does not show it', async () => {
    const comfy = await started(startFakeComfy())
    const args = ['--gateway', 'http://127.0.0.1:9', '--key', 'ic_givenSecret', '--server', comfy.url]
    const { code, stdout, stderr } = await club(['agent', '--init', '--no-start', ...args])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await written()).toContain('api_key: ic_givenSecret')
    expect(stdout).not.toContain('givenSecret')
    expect(await modeOf()).toBe(0o600)
  })

  it('does not ask where nobody is, and says what is missing', async () => {
    const { code, stderr } = await club(['agent', '--init'])
    expect(code).toBe(2)
    expect(stderr).toContain('--gateway <url>')
    expect(stderr).toContain('--key-file <file>')
    const half = await club(['agent', '--init'], { INFERENCE_CLUB_API_KEY: 'ic_x' })
    expect(half.stderr).toContain('--gateway <url>')
    expect(half.stderr).not.toContain('--key-file')
  })

  it('completes a file that is there and keeps what its owner wrote', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    const text = '# mine\ngateway: https://club.example.org\napi_key: ic_old # secret\nname: rig\n'
    await writeFile(path(), text)
    const { code, stdout } = await club(['agent', '--init', '--no-start', '--server', comfy.url])
    expect(code).toBe(0)
    expect((await written()).startsWith(text)).toBe(true)
    expect(await written()).toContain('engine: comfyui')
    expect(stdout).not.toContain('ic_old')
  })

  it('gives terms that are named to services that are there already', async () => {
    const comfy = await started(startFakeComfy({ diffusionModels: [] }))
    const init = (...more: string[]) =>
      club(['agent', '--init', '--no-start', '--gateway', 'http://127.0.0.1:9', '--key', 'ic_x', '--server', comfy.url, ...more]) // prettier-ignore
    await init('--images-per-hour', '5')
    const { stdout } = await init('--images-per-hour', '12', '--access', 'a@example.org,b@example.org')
    expect(stdout).toContain('comfyui: images_per_hour is 12 now')
    expect(stdout).toContain('comfyui: access is a@example.org, b@example.org now')
    expect(parse(await written())).toMatchObject({
      services: [{ images_per_hour: 12, access: ['a@example.org', 'b@example.org'] }]
    })
    expect((await init('--images-per-hour', '12')).stdout).toContain('needs no change')
  })

  it('refuses a key that is none, without repeating it', async () => {
    const { code, stderr } = await club(['agent', '--init', '--gateway', 'http://127.0.0.1:9', '--key', 'sk-other'])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: '--key must be an API key of the gateway, which begins with ic_.\n'
    })
  })
})
