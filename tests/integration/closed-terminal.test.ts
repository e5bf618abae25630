import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFakeModels } from '../support/fake-models.ts'
import { plainPng } from '../support/pictures.ts'
import { HAS_TERMINALS, openTerminal, startInTerminal } from '../support/run-in-terminal.ts'
import { PROGRAM, runProgram, startServer } from '../support/run-program.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-terminal-'))
})
afterEach(() => rm(folder, { recursive: true }))

const why = HAS_TERMINALS ? '' : ' (skipped: this machine has no `script` of Linux, which opens terminals)'

describe.skipIf(!HAS_TERMINALS)(`when its terminal is closed${why}`, () => {
  it('a gateway stops in order', async () => {
    const env = { INFERENCE_CLUB_PORT: '0', INFERENCE_CLUB_DATA_DIR: folder }
    const gateway = startInTerminal(['serve', '--demo'], { folder, env })
    await gateway.shows(/running at http/)
    expect(await readdir(folder)).toContain('gateway.json')
    expect(await gateway.close()).toBe(0)
    expect(await readdir(folder)).not.toContain('gateway.json')
  })

  it('an agent stops in order', async () => {
    const file = { gateway: 'http://127.0.0.1:9', api_key: 'ic_x', name: 'rig', services: [] as object[] }
    file.services.push({ name: 'a', type: 'image', engine: 'demo', models: [{ id: 'demo' }] })
    await writeFile(join(folder, 'agent.yaml'), JSON.stringify(file), { mode: 0o600 })
    const agent = startInTerminal(['agent'], { folder, env: {} })
    await agent.shows(/Nothing listens/)
    expect(await agent.close()).toBe(0)
  })

  it.each(['generate', 'edit'] as const)('what %s asked for is canceled', async (command) => {
    const server = await startTestGateway()
    const [user, owner, fakes] = [await server.addUser(), await server.addUser(), await startFakeModels(server)]
    const model = await fakes.add(owner, { imagesPerHour: 1 })
    await writeFile(join(folder, 'photo.png'), await plainPng({ width: 32, height: 32 }, [10, 200, 30]))
    const args = [...(command === 'edit' ? ['edit', 'photo.png'] : ['generate']), 'a fox', '--model', model.id]
    const env = { INFERENCE_CLUB_URL: server.url, INFERENCE_CLUB_API_KEY: user.key }
    expect(await runProgram([...args, '-o', 'had.png'], { cwd: folder, env })).toMatchObject({ code: 0 })
    const program = startInTerminal([...args, '-o', 'fox.png'], { folder, env })
    await program.shows(/waits: /)
    // 128 and the signal's number, as a shell tells it.
    expect(await program.close()).toBe(129)
    const { data } = (await (await server.call('/v1/jobs', { key: user.key })).json()) as { data: { status: string }[] }
    expect(data.map(({ status }) => status)).toEqual(['CANCELED', 'PROCESSED'])
    await fakes.close()
    await server.close()
  })

  it('what generate asked for is canceled, though it is told of it only after its bar could not be drawn', async () => {
    const server = await startTestGateway()
    const [user, owner, fakes] = [await server.addUser(), await server.addUser(), await startFakeModels(server)]
    const model = await fakes.add(owner, { imagesPerHour: 1 })
    const env = { INFERENCE_CLUB_URL: server.url, INFERENCE_CLUB_API_KEY: user.key }
    const args = ['generate', 'a fox', '--model', model.id]
    expect(await runProgram([...args, '-o', 'had.png'], { cwd: folder, env })).toMatchObject({ code: 0 })
    // In a session of its own nobody tells it of the end of the terminal.
    const inner = `'${PROGRAM}' generate 'a fox' --model ${model.id} -o fox.png & echo $! >pid; wait $!; echo $? >code.new && mv code.new code`
    await writeFile(join(folder, 'line.sh'), inner)
    const terminal = openTerminal('setsid sh line.sh & sleep 600', { folder, env })
    await terminal.shows(/waits: /)
    await terminal.end()
    // The bar is drawn anew each second.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGHUP')
    const left = () => readFile(join(folder, 'code'), 'utf8').catch(() => undefined)
    expect(Number(await waitFor(left, 20_000))).toBe(129)
    const { data } = (await (await server.call('/v1/jobs', { key: user.key })).json()) as { data: { status: string }[] }
    expect(data.map(({ status }) => status)).toEqual(['CANCELED', 'PROCESSED'])
    await fakes.close()
    await server.close()
  })
})

it('a gateway without a terminal, as one that was started with nohup, goes on when it is told of the end of one', async () => {
  const server = await startServer({ cwd: folder })
  server.process.kill('SIGHUP')
  await new Promise((resolve) => setImmediate(resolve))
  expect((await fetch(`${server.url}/v1/models`)).status).toBe(401)
  const { code, stdout } = await server.stop()
  expect({ code, stopped: stdout.match(/Stopping/g)?.length }).toEqual({ code: 0, stopped: 1 })
})
