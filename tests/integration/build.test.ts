import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { buildProgram } from '../../scripts/build-program.ts'
import { fetchImage, type ImagesAnswer } from '../support/image-calls.ts'
import { pathWithCurl } from '../support/path-with-curl.ts'
import { ROOT, runInShell, runProgram, startServer } from '../support/run-program.ts'

const ABOUT = 'A self-hosted network that makes images.'

/** Another checkout, which has been built. */
let checkout: string
let program: string
let curl: Awaited<ReturnType<typeof pathWithCurl>>

beforeAll(async () => {
  curl = await pathWithCurl()
  checkout = await mkdtemp(join(tmpdir(), 'inference-club-build-'))
  program = join(checkout, 'bin/inference-club')
  for (const own of ['src', 'bin', 'package.json']) await cp(join(ROOT, own), join(checkout, own), { recursive: true })
  await mkdir(join(checkout, 'scripts'))
  await cp(join(ROOT, 'scripts/build-program.ts'), join(checkout, 'scripts/build-program.ts'))
  for (const shared of ['node_modules', 'web', 'docs']) await symlink(join(ROOT, shared), join(checkout, shared))
  await buildProgram(pathToFileURL(`${checkout}/`))
}, 120_000)

afterAll(async () => {
  await curl.remove()
  await rm(checkout, { recursive: true, force: true })
})

/** Replaces a text in the one file of the folder that has it. */
async function replaceIn(folder: string, text: string, by: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder))
      .filter((name) => /\.[jt]s$/.test(name))
      .map(async (name) => ({ path: join(folder, name), content: await readFile(join(folder, name), 'utf8') }))
  )
  const found = files.filter(({ content }) => content.includes(text))
  expect(found).toHaveLength(1)
  for (const { path, content } of found) await writeFile(path, content.replace(text, by))
}

const about = async () => (await runProgram(['--help'], { program })).stdout

describe('a build', { timeout: 60_000 }, () => {
  it('makes an image, and serves the pages and guides of its checkout', async () => {
    const dataDir = join(checkout, 'data')
    const server = await startServer({ program, env: { INFERENCE_CLUB_DATA_DIR: dataDir } })
    onTestFinished(async () => void (await server.stop()))
    const [, key = ''] = /Your API key .*: (ic_\w+)/.exec(server.output()) ?? []
    const made = await runInShell(server.curlLine, { env: { PATH: curl.path }, input: `${key}\n` })
    const { data } = JSON.parse(made.stdout.slice(made.stdout.indexOf('{'))) as ImagesAnswer
    expect(await fetchImage(data[0]!.url)).toMatchObject({ format: 'png', width: 1024 })
    for (const path of ['/', '/docs', '/openapi.json', '/readyz']) {
      expect((await fetch(server.url + path)).status, path).toBe(200)
    }
    expect((await server.stop()).stderr).not.toContain('"level":"error"')
  })

  it('runs as long as the sources are what it was made of, byte by byte', async () => {
    expect(await about()).toContain(ABOUT)
    await replaceIn(join(checkout, 'dist/program'), ABOUT, 'Built.')
    expect(await about()).toContain('Built.')
    const source = join(checkout, 'src/cli/run-cli.ts')
    const before = await readFile(source, 'utf8')
    await writeFile(source, before.replace(ABOUT, 'Edited.'))
    expect(await about()).toContain('Edited.')
    await writeFile(source, before)
    expect(await about()).toContain('Built.')
  })

  it('gives way to the sources when one of them has gone, or the packages are others', async () => {
    await replaceIn(join(checkout, 'dist/program'), 'Built.', 'Built again.')
    const manifest = join(checkout, 'package.json')
    const before = await readFile(manifest, 'utf8')
    await writeFile(manifest, before.replace(/"version": "[^"]*"/, '"version": "9.9.9"'))
    expect((await runProgram(['--version'], { program })).stdout.trim()).toBe('9.9.9')
    await writeFile(manifest, before)
    expect(await about()).toContain('Built again.')
    await unlink(join(checkout, 'scripts/build-program.ts'))
    expect(await about()).toContain(ABOUT)
  })
})
