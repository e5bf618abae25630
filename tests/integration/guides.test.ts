import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GUIDES } from '../../src/http/guides/guide-list.ts'
import { plainPng } from '../support/pictures.ts'
import { ROOT } from '../support/run-program.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

async function look(path: string, from: TestGateway = gateway) {
  const response = await from.call(path, { headers: { accept: 'text/html' } })
  const html = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    html,
    links: [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href = '']) => href),
    ids: [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id)
  }
}

const NAMES = GUIDES.map(({ name }) => name)

describe('the guides', () => {
  it('are all listed, and all there', async () => {
    const { status, links } = await look('/guides')
    expect(status).toBe(200)
    expect(links.filter((link) => link.startsWith('/guides/'))).toEqual(NAMES.map((name) => `/guides/${name}`))
    const files = await readdir(join(ROOT, 'docs'), { recursive: true })
    expect(NAMES.filter((name) => !files.includes(`${name}.md`))).toEqual([])
  })

  it('of a folder lead to those of another, and from there to them', async () => {
    expect((await look('/guides/engines/comfyui')).links).toContain('/guides/agent')
    expect((await look('/guides/agent')).links).toContain('/guides/engines/comfyui')
    for (const path of ['engines', 'engines/', '..%2fREADME', 'engines%2f..%2fagent', 'decisions/0001']) {
      expect((await look(`/guides/${path}`)).status, path).toBe(404)
    }
  })

  it('show their pictures, and give no other file away', async () => {
    for (const name of NAMES) {
      const pictures = [
        ...(await look(`/guides/${name}`)).html.matchAll(/<img src="([^"]*)" alt="[^"]*" loading/g)
      ].map(([, src]) => src)
      expect(pictures, name).toEqual(name.startsWith('engines/') ? [`/guides/images/${name}.webp`] : [])
      for (const src of pictures) {
        const response = await gateway.call(src!)
        expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/webp'])
        const { format, width } = await sharp(Buffer.from(await response.arrayBuffer())).metadata()
        expect({ format, width }).toEqual({ format: 'webp', width: expect.any(Number) })
      }
    }
    for (const path of [
      'images/none.webp',
      'images/../agent.md',
      'images%2f..%2fagent.md',
      'agent.md',
      'images/engines/..%2f..%2fagent.md.webp'
    ]) {
      expect((await look(`/guides/${path}`)).status, path).toBe(404)
    }
  })

  it.each(NAMES)('%s is a page that anybody may read and that loads nothing from elsewhere', async (name) => {
    const { status, headers, html } = await look(`/guides/${name}`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'; script-src 'self'; /)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(html).toMatch(/<h1 id="[^"]+">/)
    expect(html).not.toMatch(/<script(?! src="\/theme\.js")|<[^>]+ style=|undefined/)
  })

  it('lead to each other, down to the chapter', async () => {
    const pages = new Map<string, Awaited<ReturnType<typeof look>>>()
    for (const name of NAMES) pages.set(`/guides/${name}`, await look(`/guides/${name}`))
    const broken: string[] = []
    for (const [address, { links }] of pages) {
      for (const link of links.filter((one) => !/^https?:|^\/(guides|docs)?$/.test(one))) {
        const [path = '', fragment] = link.split('#')
        const page = pages.get(path === '' ? address : path)
        if (!page || (fragment !== undefined && !page.ids.includes(fragment))) broken.push(`${address}: ${link}`)
      }
    }
    expect(broken).toEqual([])
    expect(pages.get('/guides/agent')?.links).toContain('/guides/security#whose-machines-make-your-images')
  })

  it('have the name and picture of the club, and a way back', async () => {
    const own = await startTestGateway({ env: { INFERENCE_CLUB_NAME: 'The Attic & Co' } })
    const admin = await own.addPerson({ role: 'admin' })
    const picture = await own.call('/api/dashboard/club/picture', {
      method: 'PUT',
      headers: { cookie: admin.cookie, 'content-type': 'image/png' },
      body: new Uint8Array(await plainPng({ width: 64, height: 64 }, [200, 60, 10]))
    })
    const { picture: path } = (await picture.json()) as { picture: string }
    for (const page of ['/guides', '/guides/agent', '/guides/nothing', '/docs']) {
      const { html, links } = await look(page, own)
      expect(html, page).toMatch(/<title>[^<]+ · The Attic &amp; Co<\/title>/)
      expect(html, page).toContain('<span>The Attic &amp; Co</span>')
      expect(html.split(path), page).toHaveLength(3)
      expect(links, page).toContain('/')
      expect(html, page).toContain('Back to the dashboard')
    }
    await own.close()
  })

  it('have styles of their own and those of the dashboard, which are there', async () => {
    const { html } = await look('/guides/agent')
    const sheets = [...html.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(([, href = '']) => href)
    expect(sheets).toHaveLength(2)
    for (const path of [...sheets, '/theme.js', '/favicon.svg']) expect((await look(path)).status).toBe(200)
  })

  it.each([
    'nothing',
    'agent.md',
    'README',
    '..%2fREADME',
    '..%2f..%2fpackage.json',
    'decisions',
    'decisions%2fREADME',
    'constructor',
    '__proto__',
    'AGENT',
    'agent/more',
    'agent%00'
  ])('are a fixed list: %s is none', async (name) => {
    const { status, html } = await look(`/guides/${name}`)
    expect([400, 404]).toContain(status)
    expect(html).not.toContain('ARCHITECTURE')
  })

  it('take no other method than GET and HEAD', async () => {
    expect((await gateway.call('/guides/agent', { method: 'POST' })).status).toBe(405)
    expect((await gateway.call('/guides/agent', { method: 'HEAD' })).status).toBe(200)
  })

  it('lead on below the path that the club has on its host', async () => {
    const below = await startTestGateway({ env: { INFERENCE_CLUB_PUBLIC_URL: 'http://127.0.0.1/club' } })
    const { status, links, html } = await look('/club/guides/agent', below)
    expect(status).toBe(200)
    expect(links.filter((link) => link.startsWith('/') && !link.startsWith('/club/'))).toEqual([])
    expect(html).toContain('<script src="/club/theme.js">')
    await below.close()
  })
})
