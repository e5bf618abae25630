import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, createBrowser } from '../support/browser.ts'
import { type FakeOidcProvider, type OidcPerson, startFakeOidcProvider } from '../support/fake-oidc-provider.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let provider: FakeOidcProvider
let gateway: TestGateway
let open: TestGateway

const envOf = ({ issuer, clientId, clientSecret }: FakeOidcProvider) => ({
  INFERENCE_CLUB_OIDC_ISSUER: `${issuer}/`,
  INFERENCE_CLUB_OIDC_CLIENT_ID: clientId,
  INFERENCE_CLUB_OIDC_CLIENT_SECRET: clientSecret,
  INFERENCE_CLUB_OIDC_NAME: 'Club account',
  INFERENCE_CLUB_GITHUB_CLIENT_ID: 'github-club',
  INFERENCE_CLUB_GITHUB_CLIENT_SECRET: 'github-secret'
})

beforeAll(async () => {
  provider = await startFakeOidcProvider()
  gateway = await startTestGateway({ env: envOf(provider) })
  open = await startTestGateway({
    env: { ...envOf(provider), INFERENCE_CLUB_REGISTRATION: 'open', INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1' }
  })
})
afterEach(() => {
  provider.person = undefined
  provider.spoil = undefined
  provider.emailInToken = true
  provider.isDown = false
})
afterAll(async () => {
  await gateway.close()
  await open.close()
  await provider.close()
})

let subjects = 0
const somebody = (more: Partial<OidcPerson> = {}): OidcPerson => {
  const sub = `subject-${++subjects}`
  return { sub, email: `${sub}@example.org`, email_verified: true, name: 'Grace', ...more }
}

interface SignInOptions {
  path?: string
  invitation?: string
  callbackURL?: string
}

/** From the button to where the browser ends up. */
async function signIn(browser: Browser, options: SignInOptions = {}): Promise<string> {
  const { path = '/api/auth/sign-in/social', invitation, callbackURL = '/' } = options
  const begun = await browser.call<{ url: string }>(path, {
    json: { provider: 'oidc', callbackURL, ...(invitation !== undefined && { additionalData: { invitation } }) }
  })
  expect(begun.status).toBe(200)
  const atProvider = await browser.call(begun.body.url)
  const back = await browser.call(atProvider.headers.get('location') ?? '')
  expect(back.status).toBe(302)
  return back.headers.get('location') ?? ''
}

const errorIn = (location: string): string | null => {
  const url = new URL(location, 'http://host')
  expect(url.pathname).toBe('/sign-in')
  return url.searchParams.get('error')
}

interface Session {
  person: { id: string; name: string; email: string; role: string } | null
}
const sessionOf = async (browser: Browser) => (await browser.call<Session>('/api/dashboard/session')).body.person
const userOf = (email: string, at = gateway) => at.gateway.context.users.findUserByEmail(email)
const invite = async (invitation: { email?: string; role?: 'admin' | 'member' } = {}) =>
  (await gateway.gateway.context.people.invitations.invite({ role: 'member', createdBy: null, ...invitation })).token

describe('the sign-in page', () => {
  it('learns which providers there are', async () => {
    const { body } = await createBrowser(gateway).call<{ signIn: unknown }>('/api/dashboard/session')
    expect(body.signIn).toMatchObject({ registration: 'invitation', github: true, oidc: { name: 'Club account' } })
  })
})

describe('a newcomer', () => {
  it('is refused without an invitation', async () => {
    const browser = createBrowser(gateway)
    provider.person = somebody()
    expect(errorIn(await signIn(browser))).toBe('invitation_required')
    expect(await sessionOf(browser)).toBeNull()
    expect(await userOf(provider.person.email!)).toBeUndefined()
  })

  it('joins with one, with its role, once', async () => {
    const invitation = await invite({ role: 'admin' })
    const browser = createBrowser(gateway)
    provider.person = somebody()
    expect(await signIn(browser, { invitation, callbackURL: '/requests' })).toBe('/requests')
    expect(await sessionOf(browser)).toMatchObject({ name: 'Grace', email: provider.person.email, role: 'admin' })

    // Next time without.
    const again = createBrowser(gateway)
    expect(await signIn(again)).toBe('/')
    expect(await sessionOf(again)).toEqual(await sessionOf(browser))

    provider.person = somebody()
    const { status, body } = await createBrowser(gateway).call('/api/auth/sign-in/social', {
      json: { provider: 'oidc', callbackURL: '/', additionalData: { invitation } }
    })
    expect([status, body]).toMatchObject([403, { code: 'invitation_invalid' }])
  })

  it('of two at once with the same invitation joins alone', async () => {
    const invitation = await invite()
    const begin = async () => {
      const browser = createBrowser(gateway)
      provider.person = somebody()
      const { body } = await browser.call<{ url: string }>('/api/auth/sign-in/social', {
        json: { provider: 'oidc', callbackURL: '/', additionalData: { invitation } }
      })
      const { headers } = await browser.call(body.url)
      return { browser, email: provider.person.email!, callback: headers.get('location')! }
    }
    const both = [await begin(), await begin()]
    const ends = await Promise.all(both.map(({ browser, callback }) => browser.call(callback)))
    const places = ends.map(({ headers }) => headers.get('location') ?? '')
    expect(places.filter((place) => place === '/')).toHaveLength(1)
    expect(places.filter((place) => place !== '/').map(errorIn)).toEqual(['invitation_invalid'])
    const users = await Promise.all(both.map(({ email }) => userOf(email)))
    expect(users.filter((user) => user !== undefined)).toHaveLength(1)
  })

  it('needs the address of an invitation that has one', async () => {
    const wanted = somebody()
    const invitation = await invite({ email: wanted.email! })
    provider.person = somebody()
    expect(errorIn(await signIn(createBrowser(gateway), { invitation }))).toBe('invitation_other_email')
    expect(await userOf(provider.person.email!)).toBeUndefined()
    provider.person = wanted
    expect(await signIn(createBrowser(gateway), { invitation })).toBe('/')
    expect(await userOf(wanted.email!)).toMatchObject({ role: 'member', email_verified: 1 })
  })

  it('cannot take an account over with a link that hands one over', async () => {
    const { id, email } = await gateway.addPerson()
    const { token } = await gateway.gateway.context.people.invitations.offerAccount({ userId: id, createdBy: null })
    provider.person = somebody()
    expect(errorIn(await signIn(createBrowser(gateway), { invitation: token }))).toBe('invitation_invalid')
    expect(await userOf(email)).toMatchObject({ id })
  })

  it('cannot make an invitation up in the state of the sign-in', async () => {
    const browser = createBrowser(gateway)
    provider.person = somebody()
    const { body } = await browser.call<{ url: string }>('/api/auth/sign-in/social', {
      json: { provider: 'oidc', callbackURL: '/', additionalData: { serverContext: { invitationId: 'inv_x' } } }
    })
    const { headers } = await browser.call(body.url)
    const back = await browser.call(headers.get('location')!)
    expect(errorIn(back.headers.get('location')!)).toBe('invitation_required')
  })

  it('joins without an invitation where registration is open', async () => {
    const browser = createBrowser(open)
    provider.person = somebody({ name: undefined! })
    expect(await signIn(browser)).toBe('/')
    const { email } = provider.person
    expect(await sessionOf(browser)).toMatchObject({ name: email, email, role: 'member' })
  })

  it('has a name that can be printed, and an address', async () => {
    const browser = createBrowser(open)
    provider.person = somebody({ name: `\u001b[31m${'Grace '.repeat(40)}` })
    expect(await signIn(browser)).toBe('/')
    expect((await sessionOf(browser))?.name).toMatch(/^\[31mGrace Grace [^\p{Cc}]{1,90}$/u)
    for (const email of [undefined, '', 'grace', 'grace@example.org\u001b[31m']) {
      provider.person = somebody({ email: email! })
      expect(errorIn(await signIn(createBrowser(open)))).toBe('email_not_found')
    }
  })

  it('may have the address at the user info endpoint alone', async () => {
    provider.emailInToken = false
    provider.person = somebody()
    expect(await signIn(createBrowser(open))).toBe('/')
    expect(await userOf(provider.person.email!, open)).toMatchObject({ email_verified: 1 })
  })
})

describe('somebody who is here already', () => {
  it('signs in by the provider that says the address is theirs, and the password goes on working', async () => {
    const { id, email, password } = await gateway.addPerson()
    const browser = createBrowser(gateway)
    provider.person = somebody({ email: email.toUpperCase() })
    expect(await signIn(browser)).toBe('/')
    expect(await sessionOf(browser)).toMatchObject({ id, email })
    const { status } = await createBrowser(gateway).call('/api/auth/sign-in/email', { json: { email, password } })
    expect(status).toBe(200)
  })

  it('added by an admin, without a password, likewise', async () => {
    const { id, email } = await gateway.addUser()
    const browser = createBrowser(gateway)
    provider.person = somebody({ email })
    expect(await signIn(browser)).toBe('/')
    expect(await sessionOf(browser)).toMatchObject({ id })
  })

  it('is not whom a provider does not know to have the address', async () => {
    const { id, email } = await gateway.addPerson()
    for (const email_verified of [false, undefined]) {
      const browser = createBrowser(gateway)
      provider.person = somebody({ email, email_verified: email_verified! })
      expect(errorIn(await signIn(browser))).toBe('account_not_linked')
      expect(await sessionOf(browser)).toBeNull()
    }
    const accounts = await gateway.database.db.selectFrom('accounts').selectAll().where('user_id', '=', id).execute()
    expect(accounts.map(({ provider_id }) => provider_id)).toEqual(['credential'])
  })

  it('is not whom they claim to be by an address they typed themselves', async () => {
    const { email } = await gateway.addPerson({ emailVerified: false })
    provider.person = somebody({ email })
    expect(errorIn(await signIn(createBrowser(gateway)))).toBe('account_not_linked')
  })

  it('links an account with another address while signed in, and unlinks it', async () => {
    const { id, cookie } = await gateway.addPerson({ emailVerified: false })
    const browser = createBrowser(gateway, new Map([cookie.split('=') as [string, string]]))
    provider.person = somebody()
    const options = { path: '/api/auth/link-social', callbackURL: '/account' }
    expect(await signIn(browser, options)).toBe('/account')

    const other = createBrowser(gateway)
    expect(await signIn(other)).toBe('/')
    expect(await sessionOf(other)).toMatchObject({ id })

    const accounts = await browser.call<{ id: string; providerId: string }[]>('/api/auth/list-accounts')
    expect(accounts.body.map(({ providerId }) => providerId).sort()).toEqual(['credential', 'oidc'])
    const linked = accounts.body.find(({ providerId }) => providerId === 'oidc')!
    const unlinked = await browser.call('/api/auth/unlink-account', { json: { accountId: linked.id } })
    expect(unlinked.status).toBe(200)
    expect(errorIn(await signIn(createBrowser(gateway)))).toBe('invitation_required')
  })

  it('gets in no more once disabled', async () => {
    const { id, email } = await gateway.addPerson()
    provider.person = somebody({ email })
    expect(await signIn(createBrowser(gateway))).toBe('/')
    await gateway.gateway.context.people.change({ userId: id, by: null, change: { disabled: true } })
    expect(errorIn(await signIn(createBrowser(gateway)))).toBe('account_disabled')
  })

  it('leaves no token of the provider behind', async () => {
    const { email } = await gateway.addPerson()
    provider.person = somebody({ email })
    expect(await signIn(createBrowser(gateway))).toBe('/')
    const { db } = gateway.database
    const rows = [
      ...(await db.selectFrom('accounts').selectAll().execute()),
      ...(await db.selectFrom('verifications').selectAll().execute())
    ]
    expect(JSON.stringify(rows)).not.toMatch(/eyJ|invitation"/)
  })
})

describe('a sign-in elsewhere', () => {
  it.each(['nonce', 'audience', 'signature', 'issuer'] as const)('with a wrong %s is refused', async (spoil) => {
    const browser = createBrowser(open)
    provider.person = somebody()
    provider.spoil = spoil
    expect(errorIn(await signIn(browser))).toBe('unable_to_get_user_info')
    expect(await sessionOf(browser)).toBeNull()
  })

  it('that is called off ends at the sign-in page', async () => {
    expect(errorIn(await signIn(createBrowser(open)))).toBe('access_denied')
  })

  it('counts in the browser that began it only, and once', async () => {
    const browser = createBrowser(open)
    provider.person = somebody()
    const { body } = await browser.call<{ url: string }>('/api/auth/sign-in/social', {
      json: { provider: 'oidc', callbackURL: '/' }
    })
    const callback = (await browser.call(body.url)).headers.get('location')!
    const elsewhere = createBrowser(open)
    expect(errorIn((await elsewhere.call(callback)).headers.get('location')!)).toBe('state_mismatch')
    expect(await sessionOf(elsewhere)).toBeNull()
    expect((await browser.call(callback)).headers.get('location')).toBe('/')
    expect(errorIn((await browser.call(callback)).headers.get('location')!)).toBe('state_mismatch')
  })

  it('sends nobody to other sites', async () => {
    for (const callbackURL of ['https://evil.example/', '//evil.example', '/\\evil.example', 5]) {
      const { status } = await createBrowser(open).call('/api/auth/sign-in/social', {
        json: { provider: 'oidc', callbackURL }
      })
      expect([status, callbackURL]).toEqual([400, callbackURL])
    }
  })

  it('says so while the provider is away, and works when it is back', async () => {
    const fresh = await startTestGateway({ env: { ...envOf(provider), INFERENCE_CLUB_REGISTRATION: 'open' } })
    provider.isDown = true
    provider.person = somebody()
    const { status, body } = await createBrowser(fresh).call('/api/auth/sign-in/social', {
      json: { provider: 'oidc', callbackURL: '/' }
    })
    expect([status, body]).toMatchObject([502, { code: 'provider_unavailable' }])
    const { email, password } = await fresh.addPerson()
    const byPassword = await createBrowser(fresh).call('/api/auth/sign-in/email', { json: { email, password } })
    expect(byPassword.status).toBe(200)
    provider.isDown = false
    expect(await signIn(createBrowser(fresh))).toBe('/')
    await fresh.close()
  })

  it('asks a provider for its endpoints once, whatever the gateway is called', async () => {
    const before = provider.discoveries
    const redirects = []
    for (const host of ['a.example', 'b.example', 'c.example']) {
      const { body } = await createBrowser(open).call<{ url: string }>('/api/auth/sign-in/social', {
        json: { provider: 'oidc', callbackURL: '/' },
        headers: { 'x-forwarded-host': host, 'x-forwarded-proto': 'https', origin: `https://${host}` }
      })
      redirects.push(new URL(body.url).searchParams.get('redirect_uri'))
    }
    expect(redirects).toEqual(['a', 'b', 'c'].map((host) => `https://${host}.example/api/auth/callback/oidc`))
    expect(provider.discoveries - before).toBeLessThanOrEqual(1)
  })

  it('is not there for a provider that is not set up', async () => {
    const plain = await startTestGateway()
    const { status, body } = await createBrowser(plain).call('/api/auth/sign-in/social', {
      json: { provider: 'oidc', callbackURL: '/' }
    })
    expect([status, body]).toMatchObject([404, { code: 'PROVIDER_NOT_FOUND' }])
    await plain.close()
  })
})

describe('sign-ins that are begun and not ended', () => {
  it('are limited by address', async () => {
    const strict = await startTestGateway({ env: { ...envOf(provider), INFERENCE_CLUB_LIMITS_SIGN_IN_TRIES: '1' } })
    const statuses = []
    for (let i = 0; i < 21; i++) {
      const { status } = await createBrowser(strict).call('/api/auth/sign-in/social', {
        json: { provider: 'oidc', callbackURL: '/' }
      })
      statuses.push(status)
    }
    expect(statuses).toEqual([...Array<number>(20).fill(200), 429])
    await strict.close()
  })
})

describe('GitHub', () => {
  it('is where the browser is sent, to come back here', async () => {
    const { body } = await createBrowser(gateway).call<{ url: string }>('/api/auth/sign-in/social', {
      json: { provider: 'github', callbackURL: '/', scopes: ['repo'] }
    })
    const url = new URL(body.url)
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'github-club',
      redirect_uri: `${gateway.url}/api/auth/callback/github`,
      scope: 'read:user user:email'
    })
    expect(body.url).not.toContain('github-secret')
  })
})
