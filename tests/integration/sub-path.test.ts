import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import OpenAI from 'openai'
import { type Agent, runAgent } from '../../src/agent/run-agent.ts'
import { invitationUrl } from '../../src/people/invitations.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { createBrowser } from '../support/browser.ts'
import { type FakeOidcProvider, startFakeOidcProvider } from '../support/fake-oidc-provider.ts'
import { type PathProxy, startPathProxy } from '../support/path-proxy.ts'
import { runProgram } from '../support/run-program.ts'
import { agentConfig, startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

describe.each([
  ['takes the path away', { strip: true }],
  ['passes the path on', { strip: false }]
])('a club below a path, behind a proxy that %s', (_what, options) => {
  let proxy: PathProxy
  let gateway: TestGateway
  let owner: TestUser
  let agent: Agent
  let provider: FakeOidcProvider

  beforeAll(async () => {
    proxy = await startPathProxy('/our/club', options)
    provider = await startFakeOidcProvider()
    gateway = await startTestGateway({
      env: {
        INFERENCE_CLUB_PUBLIC_URL: `${proxy.url}/`,
        INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1',
        INFERENCE_CLUB_OIDC_ISSUER: provider.issuer,
        INFERENCE_CLUB_OIDC_CLIENT_ID: provider.clientId,
        INFERENCE_CLUB_OIDC_CLIENT_SECRET: provider.clientSecret
      }
    })
    proxy.setTarget(gateway.url)
    owner = await gateway.addUser()
    agent = runAgent({
      config: agentConfig({ gateway: proxy.url, key: owner.key, name: 'rig', services: [{}] }),
      logger: silentLogger()
    })
    await agent.online
  })

  afterAll(async () => {
    await agent?.stop()
    await gateway?.close()
    await proxy?.close()
    await provider?.close()
  })

  it('makes and edits images whose URLs can be fetched', async () => {
    const client = new OpenAI({ apiKey: owner.key, baseURL: `${proxy.url}/v1`, maxRetries: 0 })
    const { data } = await client.images.generate({ model: 'demo', prompt: 'a fox', size: '256x256' })
    const url = data?.[0]?.url ?? ''
    expect(url.startsWith(`${proxy.url}/api/inference/assets/`)).toBe(true)
    const image = await fetch(url)
    expect(image.headers.get('content-type')).toBe('image/png')
    const edited = await fetch(`${proxy.url}/v1/images/edits`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo', prompt: 'at night', images: [{ image_url: url }] })
    })
    expect(edited.status).toBe(200)
    expect(proxy.strays).toEqual([])
  })

  it('describes itself below it', async () => {
    const document = (await (await fetch(`${proxy.url}/openapi.json`)).json()) as { servers: { url: string }[] }
    expect(document.servers).toEqual([{ url: proxy.url }])
    expect(proxy.strays).toEqual([])
  })

  it('serves its pages with everything they name', async () => {
    for (const path of ['', '/', '/network/prv_1', '/docs', '/docs/']) {
      const page = await fetch(proxy.url + path, { headers: { accept: 'text/html' } })
      expect(page.status).toBe(200)
      const html = await page.text()
      const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => new URL(url, page.url).href)
      expect(named.length).toBeGreaterThan(3)
      for (const url of named) {
        const answer = await fetch(url)
        expect([url, answer.status]).toEqual([url, 200])
        expect(url.startsWith(`${proxy.url}/`)).toBe(true)
      }
    }
  })

  it('keeps its cookies to itself', async () => {
    const { email, password } = await gateway.addPerson()
    const browser = createBrowser({ url: proxy.url })
    const origin = new URL(proxy.url).origin
    const signedIn = await browser.call('/api/auth/sign-in/email', { json: { email, password }, headers: { origin } })
    expect(signedIn.status).toBe(200)
    for (const line of signedIn.headers.getSetCookie()) expect(line).toMatch(/; Path=\/our\/club(;|$)/)
    const { body } = await browser.call<{ person: { email: string } }>('/api/dashboard/session')
    expect(body.person.email).toBe(email)
    // A page of the same host that is not ours has the same origin: only what another origin says is refused.
    const other = await browser.call('/api/dashboard/keys', {
      json: { name: 'x' },
      headers: { origin: 'https://evil.example' }
    })
    expect(other.status).toBe(403)
  })

  const beginElsewhere = (callbackURL: string) => {
    const browser = createBrowser({ url: proxy.url })
    const begun = browser.call<{ url: string }>('/api/auth/sign-in/social', {
      json: { provider: 'oidc', callbackURL },
      headers: { origin: new URL(proxy.url).origin }
    })
    return { browser, begun }
  }

  it('is where a provider of sign-ins sends people back to', async () => {
    const { email } = await gateway.addPerson()
    for (const [person, end] of [
      [{ sub: 'ada', email, email_verified: true }, `${proxy.url}/requests`],
      [undefined, `${proxy.url}/sign-in?error=access_denied`]
    ] as const) {
      provider.person = person
      const { browser, begun } = beginElsewhere(`${proxy.url}/requests`)
      const { url } = (await begun).body
      const callback = `${proxy.url}/api/auth/callback/oidc`
      expect(new URL(url).searchParams.get('redirect_uri')).toBe(callback)
      const back = (await browser.call(url)).headers.get('location') ?? ''
      expect(back.startsWith(`${callback}?`)).toBe(true)
      const location = (await browser.call(back)).headers.get('location') ?? ''
      expect(location.startsWith(end)).toBe(true)
      const { body } = await browser.call<{ person: object | null }>('/api/dashboard/session')
      expect(body.person).toEqual(person ? expect.objectContaining({ email }) : null)
    }
  })

  it('sends nobody to other sites of its host after a sign-in', async () => {
    const host = new URL(proxy.url).origin
    for (const path of [
      '/',
      '/our',
      '/our/clubs',
      '/our/club/../evil',
      '/our/club/%2e%2e/evil',
      '/our/club\\..\\evil'
    ]) {
      for (const target of [path, host + path]) {
        expect([target, (await beginElsewhere(target).begun).status]).toEqual([target, 400])
      }
    }
    for (const target of ['/our/club', '/our/club/account?next=/../x', `${proxy.url}?x=1`, `${proxy.url}/`]) {
      expect([target, (await beginElsewhere(target).begun).status]).toEqual([target, 200])
    }
  })

  it('serves the command line, with a slash at the end of its URL or without', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inference-club-sub-path-'))
    for (const [name, url] of [
      ['a.png', proxy.url],
      ['b.png', `${proxy.url}/`]
    ] as const) {
      const options = ['--url', url, '--key', owner.key, '--size', '64x64', '-o', join(folder, name)]
      const { code, stderr } = await runProgram(['generate', 'a fox', ...options])
      expect([code, stderr]).toEqual([0, ''])
    }
    expect(await readdir(folder)).toEqual(['a.png', 'b.png'])
    await rm(folder, { recursive: true })
    expect(proxy.strays).toEqual([])
  })

  it('invites to itself', async () => {
    const admin = await gateway.addPerson({ role: 'admin' })
    const answer = await fetch(`${proxy.url}/api/dashboard/invitations`, {
      method: 'POST',
      headers: { cookie: admin.cookie, 'content-type': 'application/json' },
      body: '{}'
    })
    const { url } = (await answer.json()) as { url: string }
    expect(url.startsWith(invitationUrl(proxy.url, { token: '' }))).toBe(true)
  })

  it('tells what happens over its event stream', async () => {
    const ada = await gateway.addPerson()
    const stream = await fetch(`${proxy.url}/api/dashboard/events`, { headers: { cookie: ada.cookie } })
    const reader = stream.body!.getReader()
    const { value } = await reader.read()
    expect(Buffer.from(value!).toString()).toContain('event: hello')
    await reader.cancel()
  })

  it('answers without the proxy, too', async () => {
    expect((await gateway.call('/healthz')).status).toBe(200)
    expect((await gateway.call('/our/club/healthz')).status).toBe(200)
    expect((await gateway.call('/our/clubs/healthz')).status).toBe(404)
  })
})
