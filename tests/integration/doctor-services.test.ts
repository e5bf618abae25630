import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { startFakeComfy } from '../support/fake-comfyui-server.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startFakeSdapi } from '../support/fake-sdapi.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import { runProgram } from '../support/run-program.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'inference-club-doctor-'))))
afterEach(() => rm(folder, { recursive: true }))

const closed = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting
  onTestFinished(() => server.close())
  return server
}

/** A server of OpenAI's API that certainly makes images, with these models. */
const startListing = (...ids: string[]) =>
  closed(
    startScriptedServer({
      'GET /v1/models': { json: { data: ids.map((id) => ({ id })) } },
      'GET /v1/images/generations': { status: 405, json: {} }
    })
  )

/** What doctor's table says last of the service of a file, and what stands on its standard error. */
async function judge(service: string, args: readonly string[] = ['doctor', 'agent.yaml']) {
  const head = 'gateway: http://127.0.0.1:9\napi_key: ic_x\nname: rig\nservices:\n'
  await writeFile(join(folder, 'agent.yaml'), `${head}  - {name: a, type: image, ${service}}\n`)
  const { stdout, stderr } = await runProgram(args, { cwd: folder })
  return { state: /\ta\t(.*)$/m.exec(stdout)?.[1], stdout, stderr }
}

describe('the state of a service in the table of doctor', () => {
  it.each<[models: string, state: string, listed?: string[]]>([
    ['models: [{id: flux}]', 'ready'],
    ['models: [{id: other}]', 'lacks its model'],
    ['models: [{id: other}, {id: another}]', 'lacks its models'],
    ['models: [{id: flux}, {id: other}, {id: another}]', 'lacks 2 of 3 models'],
    ['models: [{id: other}], check_models: false', 'ready'],
    ['models: [{id: my-own}]', 'unsure', ['flux']],
    ['models: [{id: fluxx}]', 'lacks its model', ['flux']]
  ])('is that of an agent with %s', async (models, state, listed = ['flux', 'sdxl']) => {
    const { url } = await startListing(...listed)
    expect(await judge(`engine: openai, url: "${url}", ${models}`)).toMatchObject({ state })
  })

  it.each([
    ['doctor', 'agent.yaml', '--write'],
    ['agent', '--init', '--no-start']
  ])('is the same in other tables: %s', async (...command) => {
    const { url } = await startListing('flux', 'sdxl')
    const service = `engine: openai, url: "${url}", models: [{id: other}]`
    expect(await judge(service, command)).toMatchObject({ state: 'lacks its model' })
  })

  it('says that another engine drives what is at its address', async () => {
    const { url } = await closed(startFakeComfy())
    const { state } = await judge(`engine: openai, url: "${url}", models: [{id: sd15}]`)
    expect(state).toBe('needs another engine')
  })

  it('says of ComfyUI what it lacks, and asks what is meant', async () => {
    const { url } = await closed(startFakeComfy())
    const { state, stderr } = await judge(`engine: comfyui, url: "${url}", models: [{id: xl, served_as: juggernutXL}]`)
    expect(state).toBe('lacks its model')
    expect(stderr).toContain("not offered; did you mean 'xl/juggernautXL.safetensors'?")
  })

  it.each(['with a file', 'by its address'])(
    'is ready where a proxy passes no WebSockets on, and it is said once what that costs: %s',
    async (how) => {
      const { url } = await closed(startFakeComfy({ noSocket: true }))
      const service = `engine: comfyui, url: "${url}", models: [{id: sd15}]`
      const { stdout, stderr } = await judge(service, ['doctor', how === 'with a file' ? 'agent.yaml' : url])
      expect([stdout, stderr]).toEqual([expect.stringMatching(/\tready$/m), ''])
      expect(stdout.match(/Images come without steps and previews, .*\$http_upgrade/g)).toHaveLength(1)
    }
  )

  it('is ready where a workflow of its owner needs none of the files that its server lacks', async () => {
    const { url } = await closed(startFakeComfy({ checkpoints: [], diffusionModels: [] }))
    const graph = { 9: { class_type: 'SaveImage', inputs: { images: ['8', 0] } } }
    await writeFile(join(folder, 'flow.json'), JSON.stringify(graph))
    const model = '{id: mine, options: {workflow: flow.json}}'
    const { state, stderr } = await judge(`engine: comfyui, url: "${url}", models: [${model}]`)
    expect({ state, stderr }).toEqual({ state: 'ready', stderr: '' })
  })

  it.each([
    ['', 'wants a password', 'It asks for a user name and a password'],
    ['me:wrong@', 'refuses its password', 'It refuses the user name and the password in its address.'],
    ['me:secret@', 'ready', '']
  ])('is that of the password of stable-diffusion-webui: %j', async (who, state, note) => {
    const { url } = await closed(startFakeSdapi({ auth: 'me:secret' }))
    const judged = await judge(`engine: automatic1111, url: "${url.replace('//', `//${who}`)}", models: [{id: dream}]`)
    expect(judged).toMatchObject({ state, stdout: expect.stringContaining(note) })
  })

  it('is that of its server where an agent would not start with the options of a model', async () => {
    const { url } = await closed(startFakeComfy())
    const model = '{id: mine, options: {workflow: absent.json}}'
    const { state, stderr } = await judge(`engine: comfyui, url: "${url}", models: [${model}]`)
    expect(state).toBe('ready')
    expect(stderr).toContain('the file cannot be read (ENOENT)')
  })

  it('is that of its server where this is of no use at all', async () => {
    const { url } = await closed(startFakeOpenAIServer({ requiredApiKey: 'sk-upstream' }))
    const { state } = await judge(`engine: openai, url: "${url}", api_key: sk-wrong, models: [{id: flux}]`)
    expect(state).toBe('refuses its key')
  })
})
