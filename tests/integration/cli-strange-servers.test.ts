import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { plainPng } from '../support/pictures.ts'
import { runProgram, startProgram } from '../support/run-program.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'inference-club-cli-'))))
afterEach(() => rm(folder, { recursive: true }))

/** Has a server that talks like a gateway give so many images, whatever was asked for. */
async function generate(images: number, ...more: string[]) {
  const picture = await plainPng({ width: 32, height: 32 }, [10, 200, 30])
  const server = createServer(({ url, method }, response) => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    if (url === '/picture') return void response.writeHead(200, { 'content-type': 'image/png' }).end(picture)
    const result = { data: Array(images).fill({ url: `${address}/picture` }), warnings: [] }
    const job = { status: 'PROCESSED', progress: 100, parameters: { n: images }, result }
    response.end(JSON.stringify(method === 'POST' ? { id: 'req_1' } : job))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ended = await runProgram(['generate', 'a fox', '-o', 'fox.png', '--model', 'm', '--url', url, ...more], {
    cwd: folder,
    env: { INFERENCE_CLUB_API_KEY: 'ic_x' }
  })
  server.close().closeAllConnections()
  return ended
}

it('saves as many images as were asked for, and fewer', async () => {
  expect(await generate(2, '--n', '2')).toMatchObject({ code: 0, stdout: 'fox-1.png\nfox-2.png\n' })
  expect(await generate(1, '--n', '2', '--force')).toMatchObject({ code: 0, stdout: 'fox.png\n' })
})

it('saves none of more than that, whose names may be those of files that are there', async () => {
  await writeFile(join(folder, 'fox-2.png'), 'mine')
  expect(await generate(2)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'The server gave 2 images where 1 was asked for. None is saved.\n'
  })
  expect(await readFile(join(folder, 'fox-2.png'), 'utf8')).toBe('mine')
  expect(await readdir(folder)).toEqual(['fox-2.png'])
})

it('asks for a thousand images at most, for so many names are looked for', async () => {
  expect(await generate(1, '--n', '1000')).toMatchObject({ code: 0 })
  const more = await generate(1, '--n', '1001', '--force')
  expect(more).toMatchObject({ code: 2, stdout: '' })
  expect(more.stderr).toContain('must be at most 1000')
})

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143]
] as const)('cancels what was asked for when %s comes before its id', async (signal, code) => {
  const calls: string[] = []
  const asked = Promise.withResolvers<void>()
  const told = Promise.withResolvers<void>()
  const server = createServer(({ url, method }, response) => {
    calls.push(`${method} ${url}`)
    if (url !== '/v1/images/generations') return void response.end(JSON.stringify({ canceled: true }))
    asked.resolve()
    void told.promise.then(() => response.end(JSON.stringify({ id: 'req_1' })))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const program = startProgram(['generate', 'a fox', '-o', 'fox.png', '--model', 'm', '--url', url], {
    cwd: folder,
    env: { INFERENCE_CLUB_API_KEY: 'ic_x' }
  })
  await asked.promise
  program.process.kill(signal)
  // Long enough for the signal to end a process that does not hear it.
  await Promise.race([program.ended, new Promise((resolve) => setTimeout(resolve, 200))])
  told.resolve()
  expect(await program.ended).toMatchObject({ code, stderr: 'Canceled req_1. Images that were finished stay.\n' })
  expect(calls).toEqual(['POST /v1/images/generations', 'POST /v1/jobs/req_1/cancel'])
  server.close().closeAllConnections()
})
