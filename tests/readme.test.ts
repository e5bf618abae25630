import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportKey } from '../src/lib/ask-for-key.ts'
import { startFakeOpenAIServer } from './support/fake-openai-server.ts'
import { fetchImage, generate, type ImagesAnswer, type JobAnswer } from './support/image-calls.ts'
import { pathWithCurl, standInForCurl } from './support/path-with-curl.ts'
import { ROOT, runInShell, startProgram } from './support/run-program.ts'
import { startTestGateway, type TestGateway, type TestUser } from './support/test-gateway.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The blocks of this language, in their order. */
const blocksOf = (language: string): string[] =>
  [...README.matchAll(new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm'))].map(([, text = '']) => text)

/** Run elsewhere: by the tests of the start, by what runs the tests, and by those of the lines that ask for a key. */
const SETUP = ['npm ci && npm start\n', 'npm ci && npm test\n', `${exportKey()}\n`]
const AGENT_LINE = 'bin/inference-club agent --config agent.yaml\n'

let server: TestGateway
let user: TestUser
let folder: string
let curl: Awaited<ReturnType<typeof pathWithCurl>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-readme-'))
  curl = await pathWithCurl()
  server = await startTestGateway()
  user = await server.addUser()
  await server.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  await symlink(join(ROOT, 'bin'), join(folder, 'bin'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await writePictures()
})
afterAll(async () => {
  await server.close()
  await curl.remove()
  await rm(folder, { recursive: true })
})

async function writePictures(): Promise<void> {
  const plain = (background: { r: number; g: number; b: number; alpha: number }) =>
    sharp({ create: { width: 96, height: 64, channels: 4, background } })
  await plain({ r: 90, g: 140, b: 200, alpha: 1 }).png().toFile(join(folder, 'photo.png'))
  await plain({ r: 0, g: 0, b: 0, alpha: 0 }).png().toFile(join(folder, 'mask.png'))
  await plain({ r: 200, g: 160, b: 130, alpha: 1 }).png().toFile(join(folder, 'person.png'))
  await plain({ r: 40, g: 60, b: 40, alpha: 1 }).jpeg().toFile(join(folder, 'jacket.jpg'))
}

/** The text with the address of the gateway of this test. */
const here = (text: string): string => text.replaceAll('http://127.0.0.1:8080', server.url)

async function paste(text: string, path = curl.path): Promise<string> {
  const { code, stdout, stderr } = await runInShell(here(text), {
    cwd: folder,
    env: {
      PATH: path,
      INFERENCE_CLUB_API_KEY: user.key,
      INFERENCE_CLUB_URL: server.url,
      INFERENCE_CLUB_DATA_DIR: server.dataDir
    }
  })
  expect(code, stderr).toBe(0)
  return stdout
}

const imagesIn = async (answer: string) =>
  Promise.all((JSON.parse(answer) as ImagesAnswer).data.map(({ url }) => fetchImage(url)))

/** Which block is meant, and what has to come of it. */
const BLOCKS: { title: string; has: RegExp; check: (stdout: string) => Promise<void> }[] = [
  {
    title: 'makes an image with curl',
    has: /images\/generations(?![^]*"async")/,
    check: async (stdout) => {
      expect(await imagesIn(stdout)).toMatchObject([{ format: 'png', width: 1024, height: 768 }])
    }
  },
  {
    title: 'makes and edits images from the command line',
    has: /inference-club generate/,
    check: async (stdout) => {
      expect(stdout).toBe('lighthouse.png\nstorm.webp\n')
      for (const name of stdout.trim().split('\n')) {
        expect(await sharp(join(folder, name)).metadata()).toMatchObject({ width: 1024, height: 768 })
      }
    }
  },
  {
    title: 'edits an image',
    has: /images\/edits(?![^]*(mask|\[\]))/,
    check: async (stdout) => {
      expect(await imagesIn(stdout)).toMatchObject([{ format: 'png', width: 96, height: 64 }])
    }
  },
  {
    title: 'edits an image with a mask',
    has: /images\/edits[^]*mask=@/,
    check: async (stdout) => {
      expect(await imagesIn(stdout)).toMatchObject([{ format: 'webp', width: 96, height: 64 }])
    }
  },
  {
    title: 'edits with several images',
    has: /images\/edits[^]*image\[\]/,
    check: async (stdout) => {
      expect(await imagesIn(stdout)).toMatchObject([{ format: 'png', width: 96, height: 64 }])
    }
  },
  {
    title: 'varies an image',
    has: /images\/variations/,
    check: async (stdout) => expect(await imagesIn(stdout)).toHaveLength(2)
  },
  {
    title: 'follows a job',
    has: /"async": true/,
    check: async (stdout) => {
      expect(stdout).toMatch(/^event: status$/m)
      expect(stdout).toMatch(/^event: result$/m)
      const job = JSON.parse(stdout.slice(stdout.lastIndexOf('\n\n'))) as JobAnswer
      expect(job).toMatchObject({ object: 'inference.job', status: 'PROCESSED', prompt: 'a city at night' })
      expect(await fetchImage(job.result_url!)).toMatchObject({ format: 'png' })
    }
  },
  {
    title: 'adds people and makes keys',
    has: /users add/,
    check: async (stdout) => {
      const [key = ''] = /^ic_\w+$/m.exec(stdout) ?? []
      expect((await server.call('/v1/models', { key })).status).toBe(200)
      expect(stdout).toContain('\tlaptop\tmara@example.org\t')
    }
  }
]

describe('the README', () => {
  it.each(BLOCKS)('$title', async ({ has, check }) => {
    const [block, ...others] = blocksOf('sh').filter((text) => has.test(text))
    expect(block).toBeDefined()
    expect(others).toEqual([])
    await check(await paste(block!))
  })

  it('has no other lines for a shell than those that are tried', () => {
    const others = blocksOf('sh').filter((text) => !BLOCKS.some(({ has }) => has.test(text)))
    expect(others.sort()).toEqual([...SETUP, AGENT_LINE].sort())
  })

  it('makes an image with the SDK for JavaScript', async () => {
    const [snippet = ''] = blocksOf('js')
    await writeFile(join(folder, 'snippet.mjs'), here(snippet))
    const url = (await paste(`'${process.execPath}' snippet.mjs`)).trim()
    expect(await fetchImage(url)).toMatchObject({ format: 'png' })
  })

  const python = spawnSync('python3', ['-c', 'import openai']).status === 0
  const why = python ? '' : ' (skipped: this machine has no python3 with the openai package)'
  it.skipIf(!python)(`makes an image with the SDK for Python${why}`, async () => {
    const [snippet = ''] = blocksOf('python')
    await writeFile(join(folder, 'snippet.py'), here(snippet))
    const url = (await paste('python3 snippet.py')).trim()
    expect(await fetchImage(url)).toMatchObject({ format: 'png' })
  })

  it('connects an image server that speaks OpenAI’s API', async () => {
    const upstream = await startFakeOpenAIServer()
    const [file = ''] = blocksOf('yaml')
    expect(file).toContain('url: http://127.0.0.1:1234\n')
    await writeFile(join(folder, 'agent.yaml'), here(file).replace('http://127.0.0.1:1234', upstream.url))
    const [, ...args] = AGENT_LINE.trim().split(' ')
    const agent = startProgram(args, { cwd: folder, env: { INFERENCE_CLUB_API_KEY: user.key } })
    await agent.printed(/"online"/)
    const { data } = await generate(user.client, { model: 'flux', size: '256x256' })
    expect(await fetchImage(data[0]!.url)).toMatchObject({ width: 256, height: 256 })
    expect(upstream.requests.find(({ json }) => json?.prompt)?.json).toMatchObject({ model: 'flux1-schnell-q4' })
    await agent.stop()
    await upstream.close()
  })
})

describe('the stand-in for curl', () => {
  it('does for the README what curl does', async () => {
    const standIn = await standInForCurl()
    const several = blocksOf('sh').filter((text) => /image\[\]|images\/generations(?![^]*"async")/.test(text))
    expect(several).toHaveLength(2)
    for (const block of several) expect(await imagesIn(await paste(block, standIn.path))).toHaveLength(1)
    await standIn.remove()
  })
})

describe('the documents', async () => {
  const DOCUMENTS = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'AGENTS.md',
    ...(await readdir(join(ROOT, 'docs'), { recursive: true }))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name))
  ]
  const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')

  it.each(DOCUMENTS)('%s has links that lead somewhere', (name) => {
    const targets = [...read(name).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target)
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(name), target)))).toEqual([])
  })

  it.each(DOCUMENTS)('%s names files that are there', (name) => {
    const paths = [...read(name).matchAll(/`((?:[a-z0-9-]+\/)*[a-z0-9-]+(?:\.test)?\.ts)`/g)].map(
      ([, path = '']) => path
    )
    const isThere = (path: string) =>
      ['', 'src', dirname(name)].some((from) => existsSync(join(ROOT, from, path))) ||
      (!path.includes('/') && sources.has(path))
    expect(paths.filter((path) => !isThere(path))).toEqual([])
  })
  const sources = new Set(
    (await readdir(join(ROOT, 'src'), { recursive: true })).map((path) => path.replace(/.*\//, ''))
  )

  it('for newcomers is short', () => {
    expect(read('AGENTS.md').trimEnd().split('\n').length).toBeLessThanOrEqual(60)
  })
})
