import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveWeb } from './serve-web.ts'

const SCRIPT = 'export const answer = 42\n'
let folder: string
let app: FastifyInstance

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-web-'))
  const webDir = join(folder, 'web')
  await mkdir(join(webDir, 'assets', 'fonts'), { recursive: true })
  const files = {
    'index.html': '<title>club</title>',
    'index.html.gz': gzipSync('<title>club</title>'),
    'docs.html': '<title>reference</title>',
    'theme.js': SCRIPT,
    'theme.js.gz': gzipSync(SCRIPT),
    'assets/page-1a2b.js': SCRIPT,
    'assets/page-1a2b.js.gz': gzipSync(SCRIPT),
    'assets/fonts/a-3c4d.woff2': 'a font'
  }
  for (const [path, bytes] of Object.entries(files)) await writeFile(join(webDir, path), bytes)
  await writeFile(join(folder, 'secret.txt'), 'a secret')
  app = Fastify()
  await serveWeb(app, {
    webDir,
    imageOrigin: undefined,
    basePath: '',
    known: { meantBy: () => undefined },
    club: () => ({ name: 'club', picture: null })
  })
})

afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})

describe('a file of the pages', () => {
  it.each(['/assets/page-1a2b.js', '/assets/fonts/a-3c4d.woff2'])(
    'whose name tells its content may be kept for good: %s',
    async (url) => {
      const { statusCode, headers } = await app.inject(url)
      expect([statusCode, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable'])
    }
  )

  it('that keeps its name is asked for anew', async () => {
    const { statusCode, headers, body } = await app.inject('/theme.js')
    expect([statusCode, headers['cache-control'], body]).toEqual([200, 'no-cache', SCRIPT])
  })

  it.each(['/theme.js', '/assets/page-1a2b.js'])(
    'is sent as it is compressed to whoever takes that: %s',
    async (url) => {
      const { headers, rawPayload } = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })
      expect(headers).toMatchObject({
        'content-encoding': 'gzip',
        'content-type': 'application/javascript; charset=utf-8'
      })
      expect(rawPayload).toEqual(gzipSync(SCRIPT))
    }
  )

  it('is told of without its bytes', async () => {
    const { statusCode, headers, body } = await app.inject({ method: 'HEAD', url: '/assets/page-1a2b.js' })
    expect([statusCode, headers['content-length'], body]).toEqual([200, String(SCRIPT.length), ''])
  })

  it('has no route of its own in the folder that has hundreds', () => {
    expect(app.hasRoute({ method: 'GET', url: '/assets/*' })).toBe(true)
    expect(app.hasRoute({ method: 'GET', url: '/assets/page-1a2b.js' })).toBe(false)
  })
})

it.each([
  '/assets/gone-5e6f.js',
  '/assets/',
  '/assets/fonts/',
  '/assets/page-1a2b.js.gz',
  '/theme.js.gz',
  '/index.html.gz',
  '/assets/../../secret.txt',
  '/assets/%2e%2e/%2e%2e/secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/..%5c..%5csecret.txt',
  '/assets/%00'
])('nothing else is given away, nor is the page in its place: %s', async (url) => {
  const { statusCode, body } = await app.inject({ url, headers: { accept: 'text/javascript' } })
  expect([400, 403, 404]).toContain(statusCode)
  expect(body).not.toContain('a secret')
  expect(body).not.toContain('<title>')
})
